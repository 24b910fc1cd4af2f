/**
 * Log starts of a vhost_dev that logs already, as a vhost-user backend sees them.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_migration_log() returns early where dev->log_enabled is what is asked for; a log
 * start or log stop that fails clears it, and tells each vring that was told the opposite.
 */
import { mark } from '../marks.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { MESSAGES_RECIPE, missingOfAllThreads, nameOf } from './messages.js';
import { deviceIn, missingFor, missingStart, wirePasses } from './passes.js';
import type { WirePass } from './passes.js';

/** One judgement for each log start. */
export function* judgeWireTwice(context: SessionContext): Generator<Judgement> {
  const last = new Map<string, WirePass>();
  for (const pass of wirePasses(context)) {
    const key = `${pass.connection.endpoint ?? ''} ${pass.addresses[0]?.vring ?? ''}`;
    if (pass.kind === 'start') yield judge(context, pass, last.get(key));
    last.set(key, pass);
  }
}

function judge(context: SessionContext, pass: WirePass, before: WirePass | undefined): Judgement {
  const { connection, begin, quiet } = pass;
  const who = nameOf(connection);
  const at = { endpoint: connection.endpoint, step: begin.step, line: begin.line };
  const missing = missingFor(context, pass);
  const device = missing.length === 0 ? deviceIn(context, pass) : undefined;
  if (device === undefined) {
    if (missing.length === 0) missing.push(missingStart(pass));
    const message = `whether ${who} was told to log before is not shown`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  const { features } = device;
  const isSince = before !== undefined && before.begin.step > (features?.step ?? 0);
  const on = isSince ? startOf(before) : features?.enable === true ? features : undefined;
  if (on === undefined && (isSince || features?.enable === false)) {
    const seenAt = (): readonly Mark[] =>
      isSince
        ? mark(before.begin, `the log ${before.kind} before it`)
        : mark(features, 'the features of the device start');
    return { verdict: 'pass', ...at, message: `${who} is told to log once`, seenAt };
  }
  if (on === undefined) missing.push(`the word of SET_FEATURES (${MESSAGES_RECIPE})`);
  else if (quiet !== undefined && quiet.step > on.step)
    missing.push('the vhost_dev of the features without LOG_ALL before it');
  missing.push(...missingOfAllThreads(connection));
  const message = `${who} is told to log although it logs`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  const evidence: Mark[] =
    on === undefined ? [] : [{ line: on.line, role: 'it is told to log here' }];
  const expected = 'vhost_migration_log(true) returns early: no message';
  return { verdict: 'violation', ...at, message, expected, evidence };
}

/** With which it began; undefined for one that told the backend not to log, at last. */
function startOf({ kind, begin, addresses }: WirePass): WirePass['begin'] | undefined {
  const isOn = kind === 'start' && addresses.every(({ enable }) => enable === true);
  return isOn ? begin : undefined;
}
