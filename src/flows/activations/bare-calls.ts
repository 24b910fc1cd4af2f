/** Calls of one thread that a stop line alone shows and that nothing has ended, by function and device. */
import { append } from '../../base/append.js';
import type { Activation } from './activation.js';

export class BareCalls {
  /** In order; one that has ended is dropped as soon as it comes last. */
  private readonly calls: Activation[] = [];
  private readonly ofFunc = new Map<string, OfFunction>();

  add(activation: Activation): void {
    const { func, device = '' } = activation;
    let own = this.ofFunc.get(func);
    if (own === undefined) this.ofFunc.set(func, (own = { calls: [], ofDevice: new Map() }));
    this.calls.push(activation);
    own.calls.push(activation);
    append(own.ofDevice, device, activation);
  }

  /** Those of a function for a device have returned by that step; without a device, and for one that is not shown, any may be meant. */
  endSame(func: string, device: string | undefined, at: number): void {
    const { ofDevice } = this.ofFunc.get(func) ?? {};
    if (ofDevice === undefined) return;
    const devices = device === undefined ? [...ofDevice.keys()] : [device, ''];
    for (const each of devices) {
      for (const activation of ofDevice.get(each) ?? []) activation.closed ??= at;
      ofDevice.delete(each);
    }
  }

  /** The last one, of a function where that is known. */
  last(func: string | undefined): Activation | undefined {
    const calls = func === undefined ? this.calls : (this.ofFunc.get(func)?.calls ?? []);
    while (calls.at(-1)?.closed !== undefined) calls.pop();
    return calls.at(-1);
  }

  all(): Activation[] {
    return this.calls.filter(({ closed }) => closed === undefined);
  }
}

interface OfFunction {
  readonly calls: Activation[];
  /** '' where it is not shown. */
  readonly ofDevice: Map<string, Activation[]>;
}
