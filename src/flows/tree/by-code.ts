/**
 * All backtraces → one tree by function and call site: the code as it runs, whatever the order in which
 * somebody collected the pieces.
 */
import { callOf } from '../../facts/stacks/frame-meaning.js';
import { plainName } from '../../facts/functions.js';
import { MOST_PLACES } from '../../model/code-flow.js';
import type { CodeActor, CodeFlow, CodeNode, Place } from '../../model/code-flow.js';
import type { FlowArg } from '../../model/flow.js';
import type { Frame } from '../../model/record.js';
import { callArgs } from './flow-args.js';
import { outerFrames } from './outer-frames.js';
import { isCalledByNext, stacksOf } from './stacks.js';
import type { NamedReading, Stack } from './stacks.js';

export interface CodeFlowOptions {
  /** Keep the frames that otherwise stand for an actor. */
  readonly unfold: boolean;
}

/** Endless recursion makes stacks of many thousand frames; those further out are folded. */
const MOST_FRAMES = 500;

/** Pure. */
export function buildCodeFlow(
  inputs: readonly NamedReading[],
  { unfold }: CodeFlowOptions = { unfold: false },
): CodeFlow {
  const actors = new Map<string | undefined, ActorDraft>();
  const captures = new Set<string>();
  let backtraces = 0;
  for (const stack of stacksOf(inputs)) {
    const { actor, from } = outerFrames(stack.frames);
    const draft = getOrMake(actors, actor, newActor);
    addStack(draft, stack, Math.min(unfold ? stack.frames.length : from, MOST_FRAMES));
    captures.add(stack.path);
    backtraces++;
  }
  return {
    captures: [...captures],
    backtraces,
    actors: [...actors]
      .sort(([a], [b]) => rankOf(a) - rankOf(b))
      .map(([actor, draft]) => finishActor(actor, draft)),
  };
}

/** Life of a device in its order: QEMU starts, the guest starts the device, a migration comes, QEMU ends. */
const ORDER = ['qemu_init', 'vCPU', 'migration thread', 'main loop'];

function rankOf(actor: string | undefined): number {
  if (actor === undefined) return ORDER.length + 2;
  const at = ORDER.indexOf(actor);
  return at < 0 ? ORDER.length + 1 : at;
}

interface ActorDraft {
  count: number;
  readonly folded: Set<string>;
  readonly root: NodeDraft;
}

function newActor(): ActorDraft {
  return { count: 0, folded: new Set(), root: newNode() };
}

interface NodeDraft {
  readonly func: string;
  readonly callSite: number | undefined;
  readonly caller: string | undefined;
  count: number;
  innermost: number;
  readonly seen: Place[];
  /** Arguments by name that every frame with arguments has shown alike so far. */
  args: ReadonlyMap<string, FlowArg> | undefined;
  readonly children: Map<string, NodeDraft>;
}

function newNode(func = '', callSite?: number, caller?: string): NodeDraft {
  const children = new Map<string, NodeDraft>();
  return { func, callSite, caller, count: 0, innermost: 0, seen: [], args: undefined, children };
}

/** `from`: position of the first frame that is folded. */
function addStack(draft: ActorDraft, stack: Stack, from: number): void {
  const { frames, levels, lines, path, span } = stack;
  draft.count++;
  for (const { func } of frames.slice(from)) draft.folded.add(plainName(func));
  let node = draft.root;
  for (let i = from - 1; i >= 0; i--) {
    const frame = frames[i];
    if (frame === undefined) continue;
    node = childOf(
      node,
      frame,
      isCalledByNext(stack, i) ? frames[i + 1] : undefined,
      i === from - 1,
    );
    node.count++;
    if (i === 0 && levels[0] === 0) node.innermost++;
    if (node.seen.length < MOST_PLACES) node.seen.push({ path, line: lines[i] ?? span.first });
    if (showsArgs(frame)) node.args = commonArgs(node.args, argsOf(frame));
  }
}

function childOf(
  node: NodeDraft,
  frame: Frame,
  caller: Frame | undefined,
  isOutermost: boolean,
): NodeDraft {
  const func = plainName(frame.func);
  const by = isOutermost && caller !== undefined ? plainName(caller.func) : undefined;
  const key = `${caller?.line ?? ''} ${by ?? ''} ${func}`;
  return getOrMake(node.children, key, () => newNode(func, caller?.line, by));
}

/** False under `set frame-arguments none` or `presence`, and for frames that somebody shortened. */
function showsArgs({ args = [] }: Frame): boolean {
  return args.some(({ value, entry }) => (value ?? entry) !== '...');
}

function commonArgs(
  known: ReadonlyMap<string, FlowArg> | undefined,
  args: ReadonlyMap<string, FlowArg>,
): ReadonlyMap<string, FlowArg> {
  if (known === undefined || known === args) return args;
  const same = [...known].filter(([name, { value }]) => args.get(name)?.value === value);
  return same.length === known.size ? known : new Map(same);
}

const cache = new WeakMap<Frame, ReadonlyMap<string, FlowArg>>();

/** What a frame shows of its arguments that may be worth a look; cached, because frames are interned. */
function argsOf(frame: Frame): ReadonlyMap<string, FlowArg> {
  let args = cache.get(frame);
  if (args === undefined) {
    args = new Map([...knownArgs(frame), ...booleans(frame)].map((arg) => [arg.name, arg]));
    cache.set(frame, args);
  }
  return args;
}

/** Those that rules read. The address of a log is another one in every process. */
function knownArgs(frame: Frame): FlowArg[] {
  const call = callOf(frame);
  if (call === undefined) return [];
  const { row, func, enable, value } = call;
  return callArgs({ kind: row.kind, role: 'caller', func, enable, value }, call).filter(
    ({ name, value: text }) => name !== 'base' && !/^(?:\(.*\) *)?0x|^\(nil\)/.test(text),
  );
}

function booleans({ args = [] }: Frame): FlowArg[] {
  return args.flatMap(({ name, value }) =>
    value === 'true' || value === 'false' ? [{ name, value }] : [],
  );
}

function finishActor(actor: string | undefined, { count, folded, root }: ActorDraft): CodeActor {
  return { actor: actor ?? null, count, folded: [...folded], children: inOrder(root) };
}

function inOrder({ children }: NodeDraft): readonly CodeNode[] {
  return [...children.values()]
    .sort((a, b) => (a.callSite ?? Infinity) - (b.callSite ?? Infinity) || 0)
    .map(finish);
}

function finish(node: NodeDraft): CodeNode {
  const { func, callSite, caller, args, count, innermost, seen } = node;
  return {
    func,
    callSite: callSite ?? null,
    caller: caller ?? null,
    args: [...(args?.values() ?? [])],
    count,
    innermost,
    seen,
    children: inOrder(node),
  };
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
