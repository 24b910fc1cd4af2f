/** `vhtrace show`: one finding, flow node or record, with the lines of the capture that it came from. */
import { VhtraceError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { checkRuns } from '../check/check-captures.js';
import { selectRules } from '../check/policy.js';
import type { Policy } from '../check/policy.js';
import { buildFlows } from '../flows/tree/flow.js';
import { buildRun } from '../flows/run.js';
import type { RunOptions } from '../flows/run.js';
import type { FlowNode } from '../model/flow.js';
import type { Finding, Verdict } from '../model/report.js';
import type { Shown, ShownLine } from '../model/show.js';
import { rules } from '../rules/index.js';
import { rulesNamed } from './catalogue.js';
import { fetchLines } from './excerpts.js';
import { readInputs } from './inputs.js';
import { runOptionsOf } from './judge-request.js';
import type { JudgeRequest } from './judge-request.js';
import { recordAt } from './quote-record.js';
import type { FileFailure, ReadCapture } from './read-capture.js';
import type { Twin } from './same-bytes.js';

export interface ShowRequest extends JudgeRequest {
  /** `12ab34`, `LS-TWICE`, `LS`, `#12`, `gdb.txt:120` or `:120`. */
  readonly id: string;
}

export interface ShowResult {
  readonly shown: readonly Shown[];
  readonly failures: readonly FileFailure[];
  readonly twins: readonly Twin[];
}

const FORMS =
  'a fingerprint of at least 4 hex digits, a rule or a family of them, #NODE of a flow, CAPTURE:LINE or :LINE';
const VERDICTS: readonly Verdict[] = ['violation', 'inconclusive', 'pass', 'not-exercised'];
/** Lines shown of one record. */
const MOST_LINES = 200;

/** A thing without the texts of its lines. */
type Bare = Shown extends infer Each ? (Each extends Shown ? Omit<Each, 'lines'> : never) : never;
type Found = Bare & { readonly wanted: readonly Omit<ShownLine, 'text'>[] };
type FoundFinding = Extract<Found, { kind: 'finding' }>;

/** Errors: USAGE for an id that is none or names nothing, and for a version that is none; those of {@link readInputs}. */
export async function runShow(request: ShowRequest): Promise<ShowResult> {
  const find = finderOf(request);
  const { captures, failures, twins, keeper } = await readInputs(request);
  const found = find(captures, twins);
  if (found.length === 0 && failures.length === 0) {
    throw new VhtraceError('USAGE', `nothing is called "${printable(request.id)}" here`, FORMS);
  }
  const wanted = new Map<string, Set<number>>();
  for (const each of found) {
    const numbers = wanted.get(each.capture) ?? new Set();
    for (const { line } of each.wanted) numbers.add(line);
    wanted.set(each.capture, numbers);
  }
  const excerpt = await fetchLines(wanted, captures, keeper);
  const shown = found.map(({ wanted: lines, ...rest }): Shown => ({
    ...rest,
    lines: lines.map(({ line, role }) => ({
      line,
      text: excerpt(rest.capture, line) ?? null,
      role,
    })),
  }));
  return { shown, failures, twins };
}

type Finder = (captures: readonly ReadCapture[], twins: readonly Twin[]) => Found[];

function finderOf(request: ShowRequest): Finder {
  const { id } = request;
  const options = runOptionsOf(request);
  const node = /^#(\d+)$/.exec(id)?.[1];
  if (node !== undefined) {
    return (captures) => captures.flatMap((capture) => nodesOf(capture, Number(node), options));
  }
  const place = /^(.*):(\d+)$/.exec(id);
  if (place !== null) {
    const [, name = '', line] = place;
    return (captures, twins) =>
      captures
        .filter(({ info }) => isNamed(info, name, twins))
        .flatMap((it) => recordOf(it, Number(line)));
  }
  if (/^[\da-f]{4,16}$/.test(id)) {
    return (captures) =>
      findingsOf(captures, options, request, (it) => it.fingerprint.startsWith(id));
  }
  if (!/^[a-z]{2}(?:-[a-z\d-]*)?$/i.test(id)) {
    throw new VhtraceError('USAGE', `"${printable(id)}" is no id`, FORMS);
  }
  const meant = new Set(rulesNamed(id).map((rule) => rule.id));
  if (selectRules(rules, request).every(({ info }) => !meant.has(info.id))) {
    const what = meant.size > 1 ? `every rule of ${id}` : [...meant].join('');
    throw new VhtraceError('USAGE', `${what} is switched off`, 'vhtrace config tells where');
  }
  return (captures) => {
    const found = findingsOf(captures, options, request, (it) => meant.has(it.rule));
    const exercised = found.filter(({ finding }) => finding.verdict !== 'not-exercised');
    // Of a family most have nothing to judge.
    const isFamily = meant.size > 1 && exercised.length > 0;
    return (isFamily ? exercised : found).sort(byVerdict);
  };
}

/** By one of its paths, the end of it, or the first digits of its sha256; an empty name is any. */
function isNamed(
  { path, sha256 }: ReadCapture['info'],
  name: string,
  twins: readonly Twin[],
): boolean {
  const paths = [path, ...twins.filter(({ of }) => of === path).map((twin) => twin.path)];
  if (name === '' || paths.some((each) => each === name || each.endsWith(`/${name}`))) return true;
  return name.length >= 4 && sha256.startsWith(name);
}

function findingsOf(
  captures: readonly ReadCapture[],
  options: RunOptions,
  policy: Policy,
  isMeant: (finding: Finding) => boolean,
): FoundFinding[] {
  const runs = captures.map((it) => ({ ...it, run: buildRun(it.reading, options) }));
  return checkRuns(runs, policy)
    .findings.filter(isMeant)
    .map((finding) => ({
      kind: 'finding',
      path: finding.at.path,
      capture: finding.capture,
      finding,
      wanted: linesOfFinding(finding),
    }));
}

/** What went wrong first, then what is open; of equal verdicts the order stays. */
function byVerdict({ finding: a }: FoundFinding, { finding: b }: FoundFinding): number {
  return VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict);
}

function linesOfFinding({ at, evidence, gaps = [], verdict }: Finding): Found['wanted'] {
  // Its place is the capture as a whole.
  if (verdict === 'not-exercised') return [];
  const roles = new Map<number, string | null>([[at.line, null]]);
  for (const { line, role } of evidence) roles.set(line, role);
  for (const { line, why } of gaps) roles.set(line, `records missing: ${why}`);
  return Array.from(roles, ([line, role]) => ({ line, role })).sort((a, b) => a.line - b.line);
}

function nodesOf(capture: ReadCapture, id: number, options: RunOptions): Found[] {
  const { info, reading } = capture;
  const run = buildRun(reading, options);
  return buildFlows(info, reading, run).flatMap(({ nodes, session }): Found[] => {
    const node = findNode(nodes, id);
    if (node === undefined) return [];
    const spans = [...new Set([node.line, node.lastLine])].flatMap((line) => spanAt(capture, line));
    const lines = [...new Set(spans)].map((line) => ({ line, role: null }));
    return [{ kind: 'node', path: info.path, capture: info.sha256, session, node, wanted: lines }];
  });
}

function findNode(nodes: readonly FlowNode[], id: number): FlowNode | undefined {
  // Numbers go up in depth-first order.
  const node = nodes.findLast((each) => each.id <= id);
  return node === undefined || node.id === id ? node : findNode(node.children, id);
}

function recordOf(capture: ReadCapture, line: number): Found[] {
  const { info, reading } = capture;
  const record = recordAt(reading.records, line);
  if (record === undefined) return [];
  const wanted = spanAt(capture, line).map((each) => ({ line: each, role: null }));
  return [{ kind: 'record', path: info.path, capture: info.sha256, record, wanted }];
}

/** The lines of the record that holds a line; the line itself where none does. */
function spanAt({ reading }: ReadCapture, line: number): number[] {
  const { first, last } = recordAt(reading.records, line)?.span ?? { first: line, last: line };
  const length = Math.min(last - first + 1, MOST_LINES);
  return Array.from({ length }, (_, i) => first + i);
}
