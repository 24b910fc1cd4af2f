/** A capture → the rows of each dataset. Pure. */
import type { Arg, Frame, ThreadRef } from '../model/record.js';
import type { ExportCapture, Labels } from '../model/export.js';
import type { Fact } from '../model/fact.js';
import type { Finding } from '../model/report.js';
import { instantOf, timeAt } from './clock.js';
import type { Dataset, Row } from './datasets.js';

/** What is said of all captures of an export. */
export interface ExportContext {
  readonly labels: Labels;
  /** Of this program. */
  readonly version: string;
}

/** Rows are made as they are asked for: those of a long log do not fit into memory. */
export function rowsOf(
  dataset: Dataset,
  capture: ExportCapture,
  context: ExportContext,
): Iterable<Row> {
  switch (dataset) {
    case 'captures':
      return [captureRow(capture, context)];
    case 'facts':
      return factRows(capture);
    case 'frames':
      return frameRows(capture);
    case 'findings':
      return capture.report.findings.map(findingRow);
    case 'devices':
      return deviceRows(capture);
    case 'migrations':
      return migrationRows(capture);
  }
}

/** Backends of the devices of a capture, as far as they are known. */
export function backendsOf({ report }: ExportCapture): string[] {
  const known = report.devices.map(({ backend }) => backend).filter((name) => name !== 'unknown');
  return [...new Set(known)].sort();
}

function captureRow(capture: ExportCapture, { labels, version }: ExportContext): Row {
  const { info, report, qemuVersion, qemuAtLeast, qemuAtMost } = capture;
  const [summary] = report.captures;
  return {
    capture: info.sha256,
    path: info.path,
    bytes: BigInt(info.bytes),
    lines: capture.reading.lines,
    formats: JSON.stringify(capture.reading.formats),
    ordered: summary?.ordered ?? false,
    sessions: report.profiles.length,
    records: summary?.records ?? 0,
    facts: summary?.facts ?? 0,
    problems: capture.reading.problems.length,
    unclaimed: summary?.unclaimed ?? 0,
    qemu_version: qemuVersion,
    qemu_at_least: qemuAtLeast,
    qemu_at_most: qemuAtMost,
    backends: JSON.stringify(backendsOf(capture)),
    labels: JSON.stringify(Object.fromEntries([...labels].sort())),
    vhtrace_version: version,
  };
}

function* factRows({ info, facts, reading }: ExportCapture): Generator<Row> {
  for (const fact of facts) yield factRow(info.sha256, fact, timeAt(reading, fact.line));
}

function factRow(capture: string, fact: Fact, time: string | undefined): Row {
  return {
    capture,
    seq: fact.seq,
    session: fact.session,
    line: fact.line,
    time: time ?? null,
    time_ns: instantOf(time)?.nanoseconds ?? null,
    thread: fact.thread ?? null,
    kind: fact.kind,
    func: fact.func,
    role: fact.role,
    activation: fact.activation ?? null,
    device: fact.device ?? null,
    incarnation: fact.incarnation ?? null,
    vhost_backend: fact.backend ?? null,
    vring: fact.vring ?? null,
    enable: fact.enable ?? null,
    value: fact.value ?? null,
    value_hex: fixedHex(fact.value),
    endpoint: fact.endpoint ?? null,
    result: fact.result ?? null,
  };
}

/** A u64 has no column type that all engines share: text that sorts like the number. Null for words and negative numbers. */
export function fixedHex(value: string | undefined): string | null {
  if (value === undefined || !/^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(value)) return null;
  const number = BigInt(value);
  return number < 1n << 64n ? `0x${number.toString(16).padStart(16, '0')}` : null;
}

function* frameRows({ info, reading }: ExportCapture): Generator<Row> {
  let backtrace = 0;
  for (const record of reading.records) {
    if (record.kind !== 'backtrace') continue;
    const thread = threadText(record.thread);
    for (const [i, frame] of record.frames.entries()) {
      const line = record.lines[i] ?? record.span.first;
      const place = { backtrace, level: record.levels[i] ?? i, line, thread };
      yield { capture: info.sha256, ...place, ...frameCells(frame) };
    }
    backtrace++;
  }
}

function frameCells({ kind, func, args, file, line, lib, address }: Frame): Row {
  return {
    kind,
    func,
    args: args === undefined ? null : argsText(args),
    file: file ?? null,
    source_line: line ?? null,
    lib: lib ?? null,
    address: address ?? null,
  };
}

function argsText(args: readonly Arg[]): string {
  return JSON.stringify(
    Object.fromEntries(args.map(({ name, value, entry }) => [name, value ?? entry ?? null])),
  );
}

function threadText(thread: ThreadRef | undefined): string | null {
  if (thread === undefined) return null;
  const { num, name, lwp, pthread } = thread;
  return num ?? name ?? (lwp === undefined ? (pthread ?? null) : `LWP ${lwp}`);
}

function findingRow(finding: Finding): Row {
  const { rule, verdict, severity, capture, session, device, vring, message, at } = finding;
  const { count, fingerprint, expected, stateBefore, evidence, missing } = finding;
  return {
    capture,
    session,
    rule,
    verdict,
    severity,
    device,
    vring,
    message,
    line: at.line,
    count,
    fingerprint,
    expected: expected ?? null,
    state_before: stateBefore ?? null,
    evidence: JSON.stringify(evidence.map(({ line, role }) => ({ line, role }))),
    missing: JSON.stringify(missing),
  };
}

function deviceRows({ report }: ExportCapture): Row[] {
  return report.devices.map(({ capture, session, address, name, backend, vrings }) => ({
    capture,
    session,
    device: address,
    name: name ?? null,
    vhost_backend: backend === 'unknown' ? null : backend,
    vrings: JSON.stringify(vrings),
    vring_count: vrings.length,
  }));
}

function migrationRows({ report }: ExportCapture): Row[] {
  return report.migrations.map(({ capture, session, outcome, phases }, migration) => ({
    capture,
    session,
    migration,
    outcome,
    phases: JSON.stringify(phases),
  }));
}
