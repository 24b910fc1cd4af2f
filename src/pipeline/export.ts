/** `vhtrace export`: captures from files or from the store → what other programs read. */
import { checkRuns } from '../check/check-captures.js';
import type { Policy } from '../check/policy.js';
import { createWholeFile } from '../export/whole-file.js';
import { batchesOf, sendBatch, tracesUrl } from '../export/otlp.js';
import type { Batch, OtlpContext } from '../export/otlp.js';
import { writeCapture } from '../export/parquet.js';
import { parseLabels, parsePartitionKeys } from '../export/partition.js';
import { buildFlows } from '../flows/tree/flow.js';
import { NEWEST, OLDEST, versionText } from '../flows/profile.js';
import { buildRun } from '../flows/run.js';
import type { ExportCapture } from '../model/export.js';
import { eachInput } from './inputs.js';
import { runOptionsOf } from './judge-request.js';
import type { JudgeRequest } from './judge-request.js';
import type { FileFailure, ReadCapture } from './read-capture.js';
import type { Twin } from './same-bytes.js';

export interface ExportRequest extends JudgeRequest {
  /** `host=a` */
  readonly labels: readonly string[];
  /** Of this program. */
  readonly version: string;
}

export interface ParquetExport extends ExportRequest {
  readonly folder: string;
  readonly partitionBy?: string | undefined;
}

export interface ExportedFiles {
  readonly path: string;
  readonly sha256: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

export interface ParquetResult {
  readonly captures: readonly ExportedFiles[];
  readonly failures: readonly FileFailure[];
  readonly twins: readonly Twin[];
}

/** Errors: USAGE; OUTPUT_UNWRITABLE; those of {@link eachInput}. */
export async function exportParquet(request: ParquetExport): Promise<ParquetResult> {
  const { folder, version } = request;
  const labels = parseLabels(request.labels);
  const keys = parsePartitionKeys(request.partitionBy, labels);
  const failures: FileFailure[] = [];
  const twins: Twin[] = [];
  const captures: ExportedFiles[] = [];
  for await (const capture of eachCapture(request, failures, twins)) {
    const files = writeCapture(capture, { folder, keys, labels, version });
    const { path, sha256 } = capture.info;
    captures.push({ path, sha256, files: files.map(({ path, bytes }) => ({ path, bytes })) });
  }
  return { captures, failures, twins };
}

export interface OtlpExport extends ExportRequest {
  readonly start: OtlpContext['start'];
}

export interface OtlpResult {
  readonly captures: number;
  readonly batches: number;
  readonly spans: number;
  readonly failures: readonly FileFailure[];
  readonly twins: readonly Twin[];
}

/** Where traces go: the lines of a file, a collector, or whoever takes a line. */
export type OtlpTarget =
  | { readonly file: string }
  | { readonly endpoint: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly take: (line: string) => Promise<void> };

/** Errors: as {@link exportParquet}; ENDPOINT_FAILED. */
export async function exportOtlp(request: OtlpExport, target: OtlpTarget): Promise<OtlpResult> {
  if ('file' in target) {
    const file = createWholeFile(target.file);
    try {
      const result = await sendAll(request, ({ json }) => {
        file.write(`${json}\n`);
        return Promise.resolve();
      });
      // Where nothing could be read there is nothing to take the place of what is there.
      if (result.captures === 0 && result.failures.length > 0) file.discard();
      else file.commit();
      return result;
    } catch (error) {
      file.discard();
      throw error;
    }
  }
  if ('take' in target) return sendAll(request, ({ json }) => target.take(json));
  const endpoint = { url: tracesUrl(target.endpoint), headers: target.headers };
  return sendAll(request, (batch) => sendBatch(endpoint, batch));
}

async function sendAll(
  request: OtlpExport,
  send: (batch: Batch) => Promise<void>,
): Promise<OtlpResult> {
  const { version, start } = request;
  const labels = parseLabels(request.labels);
  const failures: FileFailure[] = [];
  const twins: Twin[] = [];
  const counts = { captures: 0, batches: 0, spans: 0 };
  for await (const capture of eachCapture(request, failures, twins)) {
    counts.captures++;
    for (const batch of batchesOf(capture, { labels, version, start })) {
      await send(batch);
      counts.batches++;
      counts.spans += batch.spans;
    }
  }
  return { ...counts, failures, twins };
}

/** One after the other: what is written is no longer needed. */
async function* eachCapture(
  request: ExportRequest,
  failures: FileFailure[],
  twins: Twin[],
): AsyncGenerator<ExportCapture> {
  const options = runOptionsOf(request);
  for await (const input of eachInput(request, failures, twins)) {
    yield exportCapture(input, options, request);
  }
}

/** Pure. */
export function exportCapture(
  { info, reading }: ReadCapture,
  options: Parameters<typeof buildRun>[1],
  policy: Policy,
): ExportCapture {
  const run = buildRun(reading, options);
  const { atLeast, atMost } = run.profile;
  return {
    info,
    reading,
    // Only tables show each of them.
    get facts() {
      return run.facts;
    },
    flows: buildFlows(info, reading, run),
    report: checkRuns([{ info, reading, run }], policy),
    qemuVersion: atLeast === atMost ? versionText(atLeast) : null,
    qemuAtLeast: atLeast === OLDEST ? null : versionText(atLeast),
    qemuAtMost: atMost === NEWEST ? null : versionText(atMost),
  };
}
