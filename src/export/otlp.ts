/**
 * Captures → OTLP/JSON, in batches: a line of a file each, or a request each. Times are nanoseconds since 1970.
 *
 * Source: opentelemetry-proto, trace/v1/trace.proto (TracesData); the OTLP specification for paths and answers.
 */
import { VhtraceError } from '../base/errors.js';
import { safeJson } from '../base/safe-json.js';
import type { ExportCapture, Labels } from '../model/export.js';
import { spansOf, text, number } from './spans.js';
import type { Attribute, Span } from './spans.js';

/** What is said with every batch. */
export interface OtlpContext {
  readonly labels: Labels;
  /** Of this program. */
  readonly version: string;
  /** When captures whose clock has no date begin, nanoseconds since 1970. */
  readonly start: bigint;
}

/** Spans of a batch: so many that requests are few, and so few that a batch is below the limit of collectors (4 MiB). */
const SPANS_OF_BATCH = 1000;

/** At most {@link SPANS_OF_BATCH} spans of one session. */
export interface Batch {
  /** TracesData as JSON, on one line and without a newline. */
  readonly json: string;
  /** How many are in it. */
  readonly spans: number;
}

/** All spans of a capture, session after session; none for one without a flow. Pure. */
export function* batchesOf(capture: ExportCapture, context: OtlpContext): Generator<Batch> {
  for (const flow of capture.flows) {
    const { clock, spans } = spansOf(capture, flow, context.start);
    const resource = { attributes: resourceOf(capture, flow.session, clock, context) };
    const scope = { name: 'vhtrace', version: context.version };
    for (const batch of inBatches(spans)) {
      const json = safeJson(
        JSON.stringify({
          resourceSpans: [{ resource, scopeSpans: [{ scope, spans: batch }] }],
        }),
      );
      yield { json, spans: batch.length };
    }
  }
}

function* inBatches(spans: Iterable<Span>): Generator<readonly Span[]> {
  let batch: Span[] = [];
  for (const span of spans) {
    batch.push(span);
    if (batch.length < SPANS_OF_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function resourceOf(
  { info, qemuVersion }: ExportCapture,
  session: number,
  clock: string,
  { labels }: OtlpContext,
): Attribute[] {
  return [
    text('service.name', 'qemu'),
    ...(qemuVersion === null ? [] : [text('service.version', qemuVersion)]),
    text('vhtrace.capture.sha256', info.sha256),
    text('vhtrace.capture.path', info.path),
    number('vhtrace.session', session),
    // `synthetic`: times show the order and nothing else; `boot`: lengths are true, the date is not.
    text('vhtrace.clock', clock),
    ...[...labels].map(([key, value]) => text(key, value)),
  ];
}

/** A collector. */
export interface Endpoint {
  /** `http://localhost:4318`: of the collector, without the path of the signal. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The address that traces are sent to, `http://localhost:4318/v1/traces`. Errors: USAGE for what is no http address. */
export function tracesUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const hint = 'as in http://localhost:4318';
    throw new VhtraceError('USAGE', `--endpoint ${endpoint} is no http address`, hint);
  }
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/v1/traces') ? path : `${path}/v1/traces`;
  return url.href;
}

/** What a receiver says while it is busy. */
const BUSY = new Set([429, 502, 503, 504]);
/** Pauses before the next attempts. */
const PAUSES = [200, 1000, 3000];
const PATIENCE = 30_000;

/** Sends a batch, again where the receiver is busy. Errors: ENDPOINT_FAILED. */
export async function sendBatch({ url, headers }: Endpoint, { json, spans }: Batch): Promise<void> {
  for (const pause of [...PAUSES, undefined]) {
    const response = await post(url, headers, json);
    const body = (await response.text().catch(() => '')).slice(0, 300);
    if (response.ok) {
      const rejected = rejectedSpans(body);
      if (rejected === 0) return;
      throw failure(url, `refused ${rejected} of ${spans} spans: ${body}`);
    }
    if (pause === undefined || !BUSY.has(response.status)) {
      throw failure(url, `answered ${response.status} ${response.statusText} ${body}`.trimEnd());
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function post(url: string, headers: Endpoint['headers'], body: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (error) {
    throw failure(url, `could not be reached: ${causeOf(error)}`);
  }
}

function rejectedSpans(body: string): number {
  const [, count = '0'] = /"rejectedSpans"\s*:\s*"?(\d+)/.exec(body) ?? [];
  return Number(count);
}

/** fetch says `fetch failed`, and hides why. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const message = cause instanceof Error ? cause.message : String(cause);
  return message === '' ? code : message;
}

function failure(url: string, what: string): VhtraceError {
  return new VhtraceError(
    'ENDPOINT_FAILED',
    `${url} ${what}`,
    'what came before is there; ids stay the same, so that it may be sent again',
  );
}
