/** Which events are known, by name and by number: those of the built-in table, and those of `--trace-events`. */
import { append } from '../../base/append.js';
import { readDeclaration } from './event-declarations.js';
import type { Declaration } from './event-declarations.js';
import { EventForm } from './event-form.js';
import { changedEvents, qemuEvents } from './qemu-events.js';
import { olderDeclarations } from './qemu-events-older.js';

/** An event with the only form that its file declares. */
export interface DeclaredEvent {
  readonly name: string;
  readonly form: EventForm;
}

export interface EventTable {
  has(name: string): boolean;
  /** The names that end so, of thousands: for lines that nothing reads. */
  endingIn(text: string): readonly string[];
  /** Every known form of the event, those of the user first, then by age. None for an unknown event. */
  forms(name: string): readonly EventForm[];
  /** The same with the newest of the built-in forms first: for values, which several forms may fit. */
  newestForms(name: string): readonly EventForm[];
  /** Every form that the event ever had is known: a text that fits none of them is damaged. */
  isComplete(name: string): boolean;
  /** The event with this number in trace files of version 0 to 3; undefined without `--trace-events`. */
  numbered(number: number): DeclaredEvent | undefined;
  /** The user declared events. */
  readonly isDeclared: boolean;
}

/** `declared`: all events of `--trace-events`, in the order of the file. */
export function createEventTable(declared: readonly Declaration[]): EventTable {
  return new DeclaredTable(declared);
}

/** The events that QEMU 2.12 to 11.1 declare. One object: its parts are made when they are asked for. */
export function builtInEvents(): EventTable {
  return (builtIn ??= new BuiltInTable());
}

let builtIn: BuiltInTable | undefined;

class BuiltInTable implements EventTable {
  readonly isDeclared = false;
  readonly #lines = new Map<string, string[]>();
  readonly #changed = new Set<string>();
  /** How many lines of an event, from its first, are no {@link olderDeclarations}: those come last, since their texts fit more. */
  readonly #newer: ReadonlyMap<string, number>;
  readonly #forms = new Map<string, readonly EventForm[]>();

  constructor() {
    for (const line of qemuEvents.split('\n')) this.#index(line);
    for (const line of changedEvents.split('\n')) {
      const name = this.#index(line);
      if (name !== undefined) this.#changed.add(name);
    }
    this.#newer = new Map([...this.#lines].map(([name, lines]) => [name, lines.length]));
    for (const line of olderDeclarations()) this.#index(line);
  }

  has(name: string): boolean {
    return this.#lines.has(name);
  }

  endingIn(text: string): readonly string[] {
    return [...this.#lines.keys()].filter((name) => name.endsWith(text));
  }

  forms(name: string): readonly EventForm[] {
    let forms = this.#forms.get(name);
    if (forms === undefined) {
      const lines = this.#lines.get(name);
      if (lines === undefined) return [];
      forms = lines.flatMap((line) => (readDeclaration(line) ?? []).map(formOf));
      this.#forms.set(name, forms);
    }
    return forms;
  }

  newestForms(name: string): readonly EventForm[] {
    const forms = this.forms(name);
    const newer = this.#newer.get(name) ?? 0;
    return [...forms.slice(0, newer).reverse(), ...forms.slice(newer).reverse()];
  }

  isComplete(name: string): boolean {
    return this.has(name) && !this.#changed.has(name);
  }

  numbered(): undefined {
    return undefined;
  }

  /** A thousand declarations are not parsed for the dozens of events that a log has. */
  #index(line: string): string | undefined {
    const end = line.indexOf('(');
    if (end < 0 || line.startsWith('#')) return undefined;
    const name = line.slice(0, end);
    append(this.#lines, name, line);
    return name;
  }
}

class DeclaredTable implements EventTable {
  readonly isDeclared = true;
  readonly #others = builtInEvents();
  readonly #events: readonly DeclaredEvent[];
  readonly #forms = new Map<string, EventForm[]>();

  constructor(declared: readonly Declaration[]) {
    this.#events = declared.map((declaration) => ({
      name: declaration.name,
      form: formOf(declaration),
    }));
    for (const { name, form } of this.#events) {
      append(this.#forms, name, form);
    }
  }

  has(name: string): boolean {
    return this.#forms.has(name) || this.#others.has(name);
  }

  endingIn(text: string): readonly string[] {
    const own = [...this.#forms.keys()].filter((name) => name.endsWith(text));
    return [...own, ...this.#others.endingIn(text)];
  }

  forms(name: string): readonly EventForm[] {
    const own = this.#forms.get(name);
    return own === undefined ? this.#others.forms(name) : [...own, ...this.#others.forms(name)];
  }

  newestForms(name: string): readonly EventForm[] {
    return [...(this.#forms.get(name) ?? []), ...this.#others.newestForms(name)];
  }

  isComplete(name: string): boolean {
    return this.#forms.has(name) || this.#others.isComplete(name);
  }

  numbered(number: number): DeclaredEvent | undefined {
    return this.#events[number];
  }
}

function formOf(declaration: Declaration): EventForm {
  return new EventForm(declaration);
}
