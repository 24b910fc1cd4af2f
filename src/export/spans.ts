/**
 * Flow → spans: a migration is a trace, its phases and calls are the spans, violations are events of the span
 * that shows them. Pure; ids are hashes, so that the same capture gives the same trace.
 *
 * Source: opentelemetry-proto, trace/v1/trace.proto; in JSON ids are hex and 64-bit numbers text.
 */
import { hash as digest } from 'node:crypto';
import type { ExportCapture } from '../model/export.js';
import type { Flow, FlowNode } from '../model/flow.js';
import type { Finding } from '../model/report.js';
import { clockOf } from './span-times.js';
import type { FlowClock } from './span-times.js';

export interface Attribute {
  readonly key: string;
  readonly value:
    | { readonly stringValue: string }
    | { readonly intValue: string }
    | { readonly boolValue: boolean };
}

export interface SpanEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly SpanEvent[];
  readonly status: { readonly code?: 2; readonly message?: string };
}

/** The spans of one session, to be gone through once, and what their times are. */
export interface FlowSpans {
  readonly clock: FlowClock['kind'];
  readonly spans: Iterable<Span>;
}

/** SPAN_KIND_INTERNAL and STATUS_CODE_ERROR. */
const INTERNAL = 1;
const ERROR = 2;

/** `start`: when a capture without a date begins, in nanoseconds since 1970. */
export function spansOf(capture: ExportCapture, flow: Flow, start: bigint): FlowSpans {
  const clock = clockOf(flow, capture.reading, start);
  const migrations = flow.nodes.filter(({ kind }) => kind === 'migration');
  const others = flow.nodes.filter(({ kind }) => kind !== 'migration');
  const violations = capture.report.findings.filter(
    ({ verdict, session }) => verdict === 'violation' && session === flow.session,
  );
  const homes = homesOf(flow, violations);
  return { clock: clock.kind, spans: allSpans() };

  function* allSpans(): Generator<Span> {
    const trace = (name: string): string => id(32, flow, name);
    for (const migration of migrations) yield* spansIn(trace(`${migration.id}`), [migration]);
    // What no migration is known to hold is still worth a look: one trace for all of it.
    if (others.length === 0 && !homes.has(undefined)) return;
    const traceId = trace('other');
    const root = rootSpan(traceId, others);
    yield root;
    yield* spansIn(traceId, others, root.spanId);
  }

  function* spansIn(
    traceId: string,
    nodes: readonly FlowNode[],
    parentSpanId?: string,
  ): Generator<Span> {
    for (const node of nodes) {
      const spanId = id(16, flow, `span ${node.id}`);
      const [from, to] = clock.intervalOf(node);
      const own = homes.get(node) ?? [];
      yield {
        traceId,
        spanId,
        ...(parentSpanId === undefined ? {} : { parentSpanId }),
        name: node.name,
        kind: INTERNAL,
        startTimeUnixNano: String(from),
        endTimeUnixNano: String(to),
        attributes: attributesOf(node),
        events: own.map((finding) => violationEvent(finding, from)),
        status: statusOf(own),
      };
      yield* spansIn(traceId, node.children, spanId);
    }
  }

  function rootSpan(traceId: string, nodes: readonly FlowNode[]): Span {
    const [from, to] = clock.hull(nodes);
    const own = homes.get(undefined) ?? [];
    return {
      traceId,
      spanId: id(16, flow, 'span other'),
      name: migrations.length > 0 ? 'outside of migrations' : 'no migration seen',
      kind: INTERNAL,
      startTimeUnixNano: String(from),
      endTimeUnixNano: String(to),
      attributes: [text('vhtrace.kind', 'session')],
      events: own.map((finding) => violationEvent(finding, from)),
      status: statusOf(own),
    };
  }
}

/** The node that shows the line of each violation: the innermost one, or else the last that began before. */
function homesOf(
  flow: Flow,
  violations: readonly Finding[],
): ReadonlyMap<FlowNode | undefined, readonly Finding[]> {
  const starts = [...walk(flow.nodes)].sort((a, b) => a.line - b.line);
  const homes = new Map<FlowNode | undefined, Finding[]>();
  for (const finding of violations) {
    const { line } = finding.at;
    const exact = starts.findLast(
      (node) => node.line === line && (finding.device === null || node.device === finding.device),
    );
    const around = exact ?? starts.findLast((node) => node.line <= line && line <= node.lastLine);
    const home = around ?? starts.findLast((node) => node.line <= line);
    const own = homes.get(home);
    if (own === undefined) homes.set(home, [finding]);
    else own.push(finding);
  }
  return homes;
}

function* walk(nodes: readonly FlowNode[]): Generator<FlowNode> {
  for (const node of nodes) {
    yield node;
    yield* walk(node.children);
  }
}

/** An event of the same moment as the start of its span: the capture shows no better one. */
function violationEvent(finding: Finding, at: bigint): SpanEvent {
  const { rule, severity, message, at: place, fingerprint, count, expected } = finding;
  return {
    timeUnixNano: String(at),
    name: `violation ${rule}`,
    attributes: [
      text('vhtrace.rule', rule),
      text('vhtrace.severity', severity),
      text('vhtrace.message', message),
      number('vhtrace.line', place.line),
      number('vhtrace.count', count),
      text('vhtrace.fingerprint', fingerprint),
      ...(finding.device === null ? [] : [text('vhost.device', finding.device)]),
      ...(finding.vring === null ? [] : [number('vhost.vring', finding.vring)]),
      ...(expected === undefined ? [] : [text('vhtrace.expected', expected)]),
    ],
  };
}

/** Warnings and notes are told as events; only errors make a span one. */
function statusOf(findings: readonly Finding[]): Span['status'] {
  const first = findings.find(({ severity }) => severity === 'error');
  return first === undefined ? {} : { code: ERROR, message: `${first.rule}: ${first.message}` };
}

function attributesOf(node: FlowNode): Attribute[] {
  return [
    text('vhtrace.kind', node.kind),
    number('vhtrace.line', node.line),
    number('vhtrace.last_line', node.lastLine),
    text('vhtrace.lane', node.lane),
    ...optional('thread.name', node.thread ?? node.actor),
    ...optional('vhost.device', node.device),
    ...optional('vhost.device_name', node.deviceName),
    ...(node.vring === null ? [] : [number('vhost.vring', node.vring)]),
    ...optional('vhtrace.result', node.result),
    ...(node.rolledBack === true ? [text('vhtrace.outcome', 'rolled back')] : []),
    ...(node.count === 1 ? [] : [number('vhtrace.count', node.count)]),
    ...optional('vhtrace.printed_time', node.time),
    ...node.args.map(({ name, value, meaning }) => text(`arg.${name}`, meaning ?? value)),
  ];
}

export function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: value } };
}

export function number(key: string, value: number): Attribute {
  return { key, value: { intValue: String(value) } };
}

function optional(key: string, value: string | null): Attribute[] {
  return value === null ? [] : [text(key, value)];
}

/** Hex digits of a hash: nobody else has made that id, and the next export makes the same one. */
function id(digits: 16 | 32, { capture, session }: Flow, what: string): string {
  return digest('sha256', `${capture}\n${session}\n${what}`).slice(0, digits);
}
