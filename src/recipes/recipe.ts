/** The shape of a recipe: text that makes another program write a capture. */
import type { Backend, FactKind } from '../model/fact.js';
import type { Need } from '../model/rule-info.js';

export const RECIPE_NAMES = ['gdb', 'uprobes', 'qemu', 'ftrace', 'strace'] as const;

export type RecipeName = (typeof RECIPE_NAMES)[number];

export interface RecipeRequest {
  readonly backends: readonly Backend[];
  /** Undefined for everything that is known. */
  readonly needs: readonly Need[] | undefined;
}

export interface Recipe {
  readonly name: RecipeName;
  /** What it is, how to run it, what it costs, how to check the result: lines of a comment. */
  readonly about: readonly string[];
  readonly body: readonly string[];
  /** Functions of QEMU or of the kernel that it stops at or probes. */
  readonly functions: readonly string[];
  /** Trace events of QEMU that it enables. */
  readonly events: readonly string[];
  /** What a capture that it makes shows. */
  readonly shows: ReadonlySet<Need>;
}

export const ALL_BACKENDS: readonly Backend[] = ['kernel', 'user', 'vdpa'];

/** As people call their devices. */
export const BACKEND_NAMES: Readonly<Record<Backend, string>> = {
  kernel: 'kernel',
  user: 'vhost-user',
  vdpa: 'vdpa',
};

/** True when a row of a table is asked for; a row without backend is of all. */
export function isWanted(
  { kind, backend }: { readonly kind: FactKind; readonly backend?: Backend | undefined },
  { backends, needs }: RecipeRequest,
): boolean {
  if (backend !== undefined && !backends.includes(backend)) return false;
  return needs === undefined || needs.some((need) => kindOf(need) === kind);
}

/** `return of vhost_dev_start` → `vhost_dev_start` */
export function kindOf(need: Need): FactKind {
  return need.replace(/^(?:stack of|return of|members at|event|wire) /, '') as FactKind;
}
