import { plainName } from '../facts/functions.js';
import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { mark } from './shared/marks.js';
import type { Rule } from './rule.js';

/** vhost devices are controlled by threads that hold the BQL as their business. */
export const thContext: Rule = {
  info: {
    id: 'TH-CONTEXT',
    title: 'vhost devices are started, stopped and switched by the usual threads',
    severity: 'note',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: ['the whole backtrace of a device start or stop, or of a log start or stop'],
    why: 'Another thread may not hold the BQL, which these calls need (TH-OVERLAP).',
    probes: [
      'vhost_dev_start',
      'stack of vhost_dev_start',
      'vhost_dev_stop',
      'vhost_log_global_start',
      'vhost_log_global_stop',
    ],
    remedy: 'Look for bql_lock() in the callers; downstream code may have threads of its own.',
    exceptions: [
      'the main loop and its coroutines, vCPU threads, migration threads, dirty rate, dirty limit and COLO threads',
    ],
    sources: [
      'QEMU system/memory.c memory_global_dirty_log_start()',
      'QEMU hw/virtio/virtio.c virtio_set_status()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const call of context.of(
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_log_global_start',
      'vhost_log_global_stop',
    )) {
      const step = context.run.steps[call.first];
      if (step?.complete !== true || isNested(call)) continue;
      const index = step.frames.findIndex(({ func }) => THREADS.test(plainName(func)));
      const frame = step.frames[index];
      const thread = frame && plainName(frame.func);
      const at = { step: call.first, line: call.line };
      if (thread !== undefined && !USUAL.test(thread)) {
        yield {
          verdict: 'violation',
          ...at,
          message: `${call.func} runs in ${thread}(), which is unusual; legal if that thread holds the BQL`,
        };
      } else if (thread !== undefined) {
        const line = step.frameLines[index] ?? step.line;
        const message = `${call.func} runs in ${thread}()`;
        yield { verdict: 'pass', ...at, message, seenAt: () => mark({ line }, thread) };
      }
    }
  },
};

/** Part of another call that is looked at. */
function isNested(call: Activation): boolean {
  return callerOf(call, call.kind) !== undefined;
}

/** Outermost functions of QEMU's threads, as far as they are known; others are not judged. */
const THREADS =
  /^(?:main|qemu_main|qemu_default_main|coroutine_trampoline|migration_thread|bg_migration_thread|multifd_.*_thread|source_return_path_thread|postcopy_.*_thread|get_dirtyrate_thread|vcpu_dirty_rate_stat_thread|colo_process_.*|.*cpu_thread_fn|iothread_run|worker_thread|call_rcu_thread|rcu_.*thread|do_spawn_thread|vnc_worker_thread)$/;

const USUAL =
  /^(?:main|qemu_main|qemu_default_main|coroutine_trampoline|migration_thread|bg_migration_thread|get_dirtyrate_thread|vcpu_dirty_rate_stat_thread|colo_process_.*|.*cpu_thread_fn)$/;
