/** Traces: what a collector receives has the shape of OTLP/JSON, and tells the order and the violations. */
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Span } from '../src/export/spans.js';
import { tracesUrl } from '../src/export/otlp.js';
import { exportOtlp } from '../src/pipeline/export.js';
import type { OtlpExport } from '../src/pipeline/export.js';
import { tempDir } from './helpers/temp-dir.js';

const captures = fileURLToPath(new URL('../fixtures/captures', import.meta.url));
const timed = join(captures, 'cancelled-migration.trace.log');
const clockless = join(captures, 'vring-never-logged.gdb.txt');
const note = join(captures, 'note-on-vhost-ops.txt');
const START = 946_684_800_000_000_000n;

function requestOf(...paths: string[]): OtlpExport {
  return {
    paths,
    database: '',
    only: [],
    rules: {},
    assumeOrdered: false,
    labels: ['host.name=a'],
    version: '1.2.3',
    start: START,
  };
}

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly body?: string;
}

/** A receiver that gives these answers in turn, and goes on with the last one. */
async function receiver(...answers: Answer[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const answer = answers[Math.min(received.length, answers.length - 1)];
      received.push({ url: request.url, headers: request.headers, body });
      response.writeHead(answer?.status ?? 200, { 'content-type': 'application/json' });
      response.end(answer?.body ?? '{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received };
}

interface TracesData {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

function spansIn(bodies: readonly string[]): Span[] {
  return bodies.flatMap((body) =>
    (JSON.parse(body) as TracesData).resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    ),
  );
}

function resourceIn(body: string): Record<string, unknown> {
  const [first] = (JSON.parse(body) as TracesData).resourceSpans;
  return Object.fromEntries(
    first!.resource.attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]),
  );
}

async function linesOf(...paths: string[]): Promise<string[]> {
  const lines: string[] = [];
  await exportOtlp(requestOf(...paths), {
    take: (line) => {
      lines.push(line);
      return Promise.resolve();
    },
  });
  return lines;
}

function expectShape(spans: readonly Span[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(spans.length);
  for (const span of spans) {
    expect(span.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
    expect(span.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
    expect(span.startTimeUnixNano).toMatch(/^[1-9]\d*$/);
    expect(span.endTimeUnixNano).toMatch(/^[1-9]\d*$/);
    const [from, to] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
    expect(from <= to).toBe(true);
    for (const event of span.events) {
      const at = BigInt(event.timeUnixNano);
      expect(from <= at && at <= to).toBe(true);
    }
    if (span.parentSpanId === undefined) continue;
    const parent = byId.get(span.parentSpanId);
    expect(parent?.traceId).toBe(span.traceId);
    expect(BigInt(parent!.startTimeUnixNano) <= from).toBe(true);
    expect(to <= BigInt(parent!.endTimeUnixNano)).toBe(true);
  }
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(roots.length);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(roots.length);
}

describe('what a receiver gets', () => {
  test('is OTLP/JSON with whole traces', async () => {
    const { url, received } = await receiver({ status: 200 });
    const result = await exportOtlp(requestOf(timed, clockless, note), {
      endpoint: url,
      headers: { authorization: 'Bearer x' },
    });
    expect(result.failures).toEqual([]);
    expect(result.batches).toBe(received.length);
    for (const request of received) {
      expect(request.url).toBe('/v1/traces');
      expect(request.headers['content-type']).toBe('application/json');
      expect(request.headers.authorization).toBe('Bearer x');
    }
    const spans = spansIn(received.map(({ body }) => body));
    expect(spans).toHaveLength(result.spans);
    expectShape(spans);
    expect(resourceIn(received[0]!.body)).toMatchObject({
      'service.name': 'qemu',
      'vhtrace.clock': 'epoch',
      'host.name': 'a',
    });
  });

  test('comes in batches where there is much', async () => {
    const text = readFileSync(timed, 'utf8');
    const path = join(tempDir(), 'long.trace.log');
    const later = (hours: number): string =>
      text.replace(/(?<=@)\d+(?=\.)/g, (seconds) => String(Number(seconds) + 3600 * hours));
    writeFileSync(path, Array.from({ length: 40 }, (_, i) => later(i)).join(''));
    const lines = await linesOf(path);
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => spansIn([line]).length))).toBeLessThanOrEqual(1000);
    expectShape(spansIn(lines));
  });

  test('is sent again where the receiver is busy', async () => {
    const { url, received } = await receiver({ status: 503 }, { status: 200 });
    const { batches } = await exportOtlp(requestOf(clockless), { endpoint: url, headers: {} });
    expect(received).toHaveLength(batches + 1);
    expect(received[1]?.body).toBe(received[0]?.body);
  });

  test.each([
    [{ status: 401, body: 'who are you?' }, 'answered 401 Unauthorized who are you?'],
    [{ status: 200, body: '{"partialSuccess":{"rejectedSpans":"3"}}' }, 'refused 3 of'],
  ])('is an error where it is refused: %o', async (answer, message) => {
    const { url } = await receiver(answer);
    const sent = exportOtlp(requestOf(clockless), { endpoint: url, headers: {} });
    await expect(sent).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      message: expect.stringContaining(message) as string,
    });
  });

  test('is an error where nobody listens', async () => {
    const target = { endpoint: 'http://127.0.0.1:1', headers: {} };
    await expect(exportOtlp(requestOf(clockless), target)).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      message: expect.stringMatching(
        /could not be reached: (?:connect ECONNREFUSED|bad port)/,
      ) as string,
    });
  });
});

test('printed times are kept, to the nanosecond', async () => {
  const spans = spansIn(await linesOf(timed));
  for (const span of spans) {
    const printed = span.attributes.find(({ key }) => key === 'vhtrace.printed_time')?.value;
    if (printed === undefined) continue;
    const [seconds = '', fraction = ''] = (printed as { stringValue: string }).stringValue.split(
      '.',
    );
    expect(span.startTimeUnixNano).toBe(`${seconds}${fraction.padEnd(9, '0')}`);
  }
  const rounds = spans.filter(({ name }) => name === 'sync round');
  expect(rounds.length).toBeGreaterThan(0);
  expect(rounds.some((span) => span.endTimeUnixNano > span.startTimeUnixNano)).toBe(true);
});

test('without a clock, times keep the order and are marked', async () => {
  const lines = await linesOf(clockless);
  expect(resourceIn(lines[0]!)['vhtrace.clock']).toBe('synthetic');
  const spans = spansIn(lines);
  for (const id of new Set(spans.map(({ traceId }) => traceId))) {
    const trace = spans.filter(({ traceId, parentSpanId }) => traceId === id && parentSpanId);
    const starts = trace.map(({ startTimeUnixNano }) => BigInt(startTimeUnixNano));
    expect(starts).toEqual([...starts].sort((a, b) => (a < b ? -1 : 1)));
  }
  expect(spans.every(({ startTimeUnixNano }) => BigInt(startTimeUnixNano) >= START)).toBe(true);
});

test('a violation is an event of the span that shows it, which is an error', async () => {
  const spans = spansIn(await linesOf(clockless));
  const errors = spans.filter(({ status }) => status.code === 2);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({
    name: 'vhost_dev_set_log',
    events: [{ name: 'violation LS-ALL-RINGS' }],
    status: { message: expect.stringContaining('LS-ALL-RINGS: ') as string },
  });
});

test('the same capture gives the same text, in a file or not', async () => {
  const file = join(tempDir(), 'traces.jsonl');
  await exportOtlp(requestOf(clockless, timed), { file });
  const lines = await linesOf(clockless, timed);
  expect(readFileSync(file, 'utf8')).toBe(`${lines.join('\n')}\n`);
});

test('where nothing can be read the file stays as it was', async () => {
  const file = join(tempDir(), 'traces.jsonl');
  writeFileSync(file, 'old\n');
  const { failures } = await exportOtlp(requestOf(join(tempDir(), 'missing.txt')), { file });
  expect(failures).toHaveLength(1);
  expect(readFileSync(file, 'utf8')).toBe('old\n');
  expect(readdirSync(dirname(file))).toEqual(['traces.jsonl']);
});

test.each([
  ['http://localhost:4318', 'http://localhost:4318/v1/traces'],
  ['https://host/otlp/', 'https://host/otlp/v1/traces'],
  ['http://localhost:4318/v1/traces', 'http://localhost:4318/v1/traces'],
])('the endpoint %s', (endpoint, url) => {
  expect(tracesUrl(endpoint)).toBe(url);
});

test.each(['localhost:4318', 'file:///tmp/x', ''])('no endpoint: %j', (endpoint) => {
  expect(() => tracesUrl(endpoint)).toThrow('is no http address');
});
