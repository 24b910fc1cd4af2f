/** Places of calls: what all frames have in common that gdb prints for one of them, which is a row of `shape`. */
import type { Arg, Frame } from '../model/record.js';

export interface Site {
  /** One of its frames. */
  readonly frame: Frame;
  /** Row of `shape`; 0 before it is known. */
  shape: number;
  /** The address that its frames had last, and the row of its text. */
  address: string | undefined;
  addressText: number;
}

/** Sites that are remembered, and those of one function. */
const MOST_SITES = 8192;
const MOST_OF_FUNCTION = 64;

/** Finds the site of a frame without putting its parts together. */
export class FrameSites {
  private byFunction = new Map<string, Site[]>();
  private count = 0;

  /** Of frames with equal sites the same one, as long as it is remembered. */
  of(frame: Frame): Site {
    const sites = this.byFunction.get(frame.func);
    const known = sites?.find((site) => isOfSite(frame, site.frame));
    return known ?? this.add(frame, sites);
  }

  private add(frame: Frame, sites: Site[] = []): Site {
    if (this.count >= MOST_SITES) {
      this.byFunction = new Map();
      this.count = 0;
    }
    const site = { frame, shape: 0, address: undefined, addressText: 0 };
    const kept = sites.length < MOST_OF_FUNCTION ? sites : [];
    kept.push(site);
    this.byFunction.set(frame.func, kept);
    this.count++;
    return site;
  }
}

function isOfSite(one: Frame, other: Frame): boolean {
  return (
    one.line === other.line &&
    one.func === other.func &&
    one.file === other.file &&
    one.lib === other.lib &&
    one.kind === other.kind &&
    haveSameNames(one.args, other.args)
  );
}

/** The same names, and values of the same kind: see storedNames(). */
function haveSameNames(
  one: readonly Arg[] | undefined,
  other: readonly Arg[] | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (!isSameArg(one[i], other[i])) return false;
  return true;
}

function isSameArg(one: Arg | undefined, other: Arg | undefined): boolean {
  return (
    one?.name === other?.name &&
    (one?.value === undefined) === (other?.value === undefined) &&
    (one?.entry === undefined) === (other?.entry === undefined)
  );
}
