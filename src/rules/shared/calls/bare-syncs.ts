/**
 * vhost_log_sync() by stop lines alone, where no round is seen: the memory core asks every registered listener for each section of
 * memory, so that as long as the same devices are registered all of them are asked equally often.
 *
 * Source: QEMU system/memory.c memory_global_dirty_log_sync(), memory_region_sync_dirty_bitmap(). Pure.
 */
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { registeredBefore } from '../device-lives.js';

interface Span {
  /** Registered all the time. */
  readonly devices: readonly string[];
  readonly first: Activation;
  /** By device, how often it is asked. */
  readonly asked: Map<string | undefined, number>;
}

/** One inconclusive judgement for each time in which a device is asked less often than another. */
export function* unequalSyncs(context: SessionContext): Generator<Judgement> {
  for (const { devices, first, asked } of spansOf(context)) {
    const counts = devices.map((device) => asked.get(device) ?? 0);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    if (devices.length < 2 || least === most || asked.has(undefined)) continue;
    const device = devices[counts.indexOf(least)];
    yield {
      verdict: 'inconclusive',
      device,
      step: first.first,
      line: first.line,
      message: `from here on the device is asked ${least} times, and another that is registered ${most} times; which sync asks is not seen`,
      missing: ['the backtrace at vhost_log_sync, or probe memory_global_dirty_log_sync'],
    };
  }
}

function spansOf(context: SessionContext): Span[] {
  const spans: Span[] = [];
  for (const call of context.of('vhost_log_sync')) {
    if (callerOf(call, 'memory_global_dirty_log_sync', 'migration_bitmap_sync') !== undefined)
      continue;
    if (!call.isLoose) continue;
    const devices = registeredBefore(context, 'calls', call.first).map(({ device }) => device);
    let span = spans.at(-1);
    if (span === undefined || String(span.devices) !== String(devices))
      spans.push((span = { devices, first: call, asked: new Map() }));
    span.asked.set(call.device, (span.asked.get(call.device) ?? 0) + 1);
  }
  return spans;
}
