import type { Step } from '../facts/step.js';
import type { FactKind } from '../model/fact.js';
import { bigintOf, boolOf, pointerOf } from '../model/values.js';
import { hasGap } from '../flows/run.js';
import { LOG_ALL } from '../model/constants.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** VHOST_VRING_F_LOG in the flags of a vring. */
const F_LOG = 1n;

/** Events that tell the state, that end it, and that are judged by it. */
const KINDS: readonly FactKind[] = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_cleanup',
  'op_dev_start',
  'op_get_vring_base',
  'op_set_features',
  'op_set_log_base',
  'op_set_vring_addr',
  'vhost_vdpa',
];

/** Between the end of a start and the fetch of its vrings: QEMU hw/virtio/vhost-vdpa.c vhost_vdpa_suspend(). */
const OF_STOP: ReadonlySet<string> = new Set(['vhost_vdpa_suspend', 'vhost_vdpa_reset_device']);

/** A vdpa device that QEMU logs for is not told to log itself. */
export const vdSvq: Rule = {
  info: {
    id: 'VD-SVQ',
    title: 'with shadow virtqueues nothing of logging reaches the vdpa device',
    severity: 'error',
    impact: 'corrupt',
    backends: ['vdpa'],
    versions: '7.0 - 11.1',
    needs: [
      'the trace events vhost_vdpa_* of the device: set_log_base, set_features, set_vring_addr',
      'vhost_vdpa_set_dev_vring_base or vhost_vdpa_get_vring_base with svq: (9.0 and later)',
    ],
    why: "The device's rings lie in QEMU's memory: what it would log are no guest addresses, and QEMU logs what the guest's rings need itself.",
    probes: [
      'event vhost_vdpa',
      'event op_set_log_base',
      'event op_set_features',
      'event op_set_vring_addr',
      'event op_get_vring_base',
      'event op_dev_start',
    ],
    remedy: 'Look at the tests of shadow_vqs_enabled in hw/virtio/vhost-vdpa.c of that QEMU.',
    exceptions: [
      'without shadow virtqueues the requests reach the device, and the kernel refuses them',
      'QEMU before 9.0 does not show whether they are in use',
    ],
    sources: [
      'QEMU hw/virtio/vhost-vdpa.c vhost_vdpa_set_log_base(), vhost_vdpa_set_features(), vhost_vdpa_set_vring_addr()',
    ],
    bugs: [
      {
        where: 'QEMU 773ebc952ee0 (7.0)',
        what: 'the log base was given to a device whose rings are in the memory of QEMU',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const devices = new Map<string, Life[]>();
    for (const step of context.events(...KINDS)) follow(devices, step);
    for (const [device, lives] of devices) {
      for (const life of lives) yield* judge(context, device, life);
    }
  },
};

/** From a device start to its stop: QEMU chooses the shadow virtqueues before the first, and keeps to it. */
interface Life {
  first: number;
  last: number;
  /** Events that show svq:, true and false. */
  readonly shadowed: Step[];
  readonly plain: Step[];
  /** Requests for logging. */
  readonly logging: { readonly step: Step; readonly what: string; readonly vring?: number }[];
  isOver: boolean;
}

function follow(devices: Map<string, Life[]>, step: Step): void {
  const { event } = step;
  const args = event?.record.args;
  const device = pointerOf(args?.dev);
  if (event === undefined || args === undefined || device === undefined) return;
  const { kind, backend } = event.row;
  const lives = devices.get(device) ?? [];
  const current = lives.at(-1);
  if (kind === 'vhost_dev_start' || kind === 'vhost_dev_stop' || kind === 'vhost_dev_cleanup') {
    if (current !== undefined) current.isOver = true;
    return;
  }
  if (backend !== 'vdpa') return;
  devices.set(device, lives);
  // What follows the stop belongs to another start.
  const isStopping = kind === 'op_dev_start' && boolOf(args.started) === false;
  const isOfStop = isStopping || kind === 'op_get_vring_base' || OF_STOP.has(event.record.name);
  const life =
    current === undefined || (current.isOver && !isOfStop) ? begin(lives, step) : current;
  life.last = step.index;
  if (isOfStop) life.isOver = true;
  const svq = boolOf(args.svq);
  if (svq !== undefined) (svq ? life.shadowed : life.plain).push(step);
  const what = loggingIn(kind, args);
  const vring = kind === 'op_set_vring_addr' ? Number(args.index) : NaN;
  if (what !== undefined)
    life.logging.push({ step, what, ...(Number.isInteger(vring) ? { vring } : {}) });
}

function begin(lives: Life[], { index }: Step): Life {
  const life: Life = {
    first: index,
    last: index,
    shadowed: [],
    plain: [],
    logging: [],
    isOver: false,
  };
  lives.push(life);
  return life;
}

function loggingIn(kind: FactKind, args: Readonly<Record<string, string>>): string | undefined {
  switch (kind) {
    case 'op_set_log_base':
      return 'the log base';
    case 'op_set_features':
      return ((bigintOf(args.features) ?? 0n) & LOG_ALL) === 0n
        ? undefined
        : 'features with VHOST_F_LOG_ALL';
    case 'op_set_vring_addr':
      return ((bigintOf(args.flags) ?? 0n) & F_LOG) === 0n
        ? undefined
        : 'a vring address with VHOST_VRING_F_LOG';
    default:
      return undefined;
  }
}

function* judge(context: SessionContext, device: string, life: Life): Generator<Judgement> {
  const { shadowed, plain, logging } = life;
  const [shown] = shadowed;
  if (logging.length === 0) {
    if (shown === undefined || plain.length > 0) return;
    yield {
      verdict: 'pass',
      device,
      step: shown.index,
      line: shown.line,
      message: 'shadow virtqueues are in use, and nothing of logging reaches the device',
      seenAt: () => mark(context.run.steps[life.last], 'the last that is seen of this start'),
    };
    return;
  }
  const evidence: Mark[] =
    shown === undefined ? [] : [{ line: shown.line, role: 'svq: 1, shadow virtqueues are in use' }];
  for (const { step, what, vring } of logging) {
    const at = { device, vring, step: step.index, line: step.line };
    const missing: string[] = [];
    if (shown === undefined && plain.length === 0) {
      missing.push(
        'svq: in vhost_vdpa_set_dev_vring_base or vhost_vdpa_get_vring_base (QEMU 9.0 and later)',
      );
    } else if (shown !== undefined && plain.length > 0) {
      missing.push('one start of the device: svq: is 0 and 1 here');
    } else if (!isHeld(context, step, shadowed)) {
      missing.push('vhost_vdpa_dev_start, to see that the device was not started anew');
    }
    if (hasGap(context.run, life.first, life.last))
      missing.push('an unbroken record of the device');
    if (plain.length > 0 && shown === undefined) {
      const message = `the device gets ${what}: no shadow virtqueues are in use`;
      const seenAt = (): readonly Mark[] => mark(plain[0], 'svq: 0, no shadow virtqueues');
      yield { verdict: 'pass', ...at, message, seenAt };
    } else if (missing.length > 0) {
      yield { verdict: 'inconclusive', ...at, message: `the device gets ${what}`, missing };
    } else {
      yield {
        verdict: 'violation',
        ...at,
        message: `the device gets ${what} although shadow virtqueues are in use`,
        expected: 'no request for logging: QEMU logs for the device',
        evidence,
      };
    }
  }
}

/**
 * Still the start that shows svq: it is shown again later, or a stop would have been seen. The vrings of a device
 * without them that cannot be suspended are not fetched (vhost_vdpa_get_vring_base() of 9.0 and later), so that only the
 * events of the stop itself tell of one before svq is shown.
 */
function isHeld(context: SessionContext, step: Step, shadowed: readonly Step[]): boolean {
  const [first, last] = [shadowed[0], shadowed.at(-1)];
  if (first === undefined || last === undefined) return false;
  if (first.index > step.index) return context.events('op_dev_start', 'vhost_dev_stop').length > 0;
  return last.index > step.index || context.events('op_dev_start', 'op_get_vring_base').length > 0;
}
