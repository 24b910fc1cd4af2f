/**
 * What is remembered of objects while they live: a WeakMap's work at the cost of a property.
 *
 * The value is kept in a private field of the object itself, which no copy, comparison or JSON of it shows. A
 * capture has millions of frames, and the garbage collector goes through a WeakMap entry by entry.
 */
export interface Beside<Owner extends object, Value> {
  get(owner: Owner): Value | undefined;
  set(owner: Owner, value: Value): void;
}

/** Its instances are objects that were there before. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- fields of a subclass go to what this returns
class Given {
  constructor(owner: object) {
    return owner;
  }
}

/** For constants of a module: what an object has been given stays with it. */
export function beside<Owner extends object, Value>(): Beside<Owner, Value> {
  return class Remembered extends Given {
    #value: Value;

    constructor(owner: Owner, value: Value) {
      super(owner);
      this.#value = value;
    }

    static get(owner: Owner): Value | undefined {
      return #value in owner ? owner.#value : undefined;
    }

    static set(owner: Owner, value: Value): void {
      if (#value in owner) owner.#value = value;
      else new Remembered(owner, value);
    }
  };
}
