import type { Activation } from '../flows/activations/activation.js';
import type { Run } from '../flows/run.js';
import { isOwn, passes, unseenPasses } from './shared/calls/log-passes.js';
import { doubts, endOf, place, unwatched } from './shared/calls/queries.js';
import { failureOf, goesOnBehind, leftoversOf } from './shared/calls/undone-pass.js';
import type { Failure, Leftover } from './shared/calls/undone-pass.js';
import type { Pass } from './shared/calls/log-passes.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** One pass of vhost_dev_set_log() sends one flag to all its rings; one that fails takes it back from all. */
export const lsUniform: Rule = {
  info: {
    id: 'LS-UNIFORM',
    title: 'all vrings of one pass get the same log flag, and the old one back where it fails',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_set_log and its vhost_virtqueue_set_addr calls with enable_log=',
      'for a failed pass that undoes nothing: what vhost_dev_set_log returned',
      'where the set_features and set_vring_addr ops are watched: their calls in the undoing',
    ],
    probes: [
      'vhost_dev_set_log',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
      'op_set_features',
      'op_set_vring_addr',
      'return of vhost_dev_set_log',
    ],
    why: 'A ring that gets the opposite flag in a pass that succeeds, or keeps the flag of a pass that fails, is left unlogged, or goes on logging after its log was given back.',
    remedy:
      'Look at what changes enable_log inside the loop of vhost_dev_set_log(), and at its error path err_vq.',
    exceptions: [
      'the undoing of a failed pass: from the vring that failed down to the first an address with the old flag, then vhost_dev_set_features with the old flag, and nothing after',
      'a failed vhost_dev_set_features, before any address: nothing is undone',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log()'],
  },
  passesAtEntry: true,
  triggers: ['vhost_dev_set_log', 'vhost_migration_log'],
  *sequence(context) {
    yield* unseenPasses(context, true);
    yield* unseenPasses(context, false);
    for (const pass of [...passes(context, true), ...passes(context, false)]) {
      if (!pass.activation.entered || pass.addresses.length === 0) continue;
      yield* judge(context, pass);
    }
  },
};

function* judge(context: SessionContext, pass: Pass): Generator<Judgement> {
  const { activation, addresses, enable } = pass;
  const name = nameOf(pass);
  const at = place(activation);
  const odd = addresses.find((a) => a.enable === !enable);
  const proof = odd === undefined || !isOwn(pass, odd) ? undefined : goesOnBehind(pass, odd.first);
  const failure = failureOf(pass);
  if (odd !== undefined && proof !== undefined) {
    yield turned(context.run, pass, odd, 'and goes on as if nothing had failed', [proof]);
  } else if (failure !== undefined) {
    yield* judgeUndoing(context, pass, failure);
  } else if (odd !== undefined) {
    yield judgeOdd(context, pass, odd);
  } else if (pass.hasUnknownRing || activation.closed === undefined) {
    yield {
      verdict: 'inconclusive',
      ...at,
      message: `the flags of ${name} are not all shown`,
      missing: ['enable_log= of all address calls and the end of the pass'],
    };
  } else {
    yield {
      verdict: 'pass',
      ...at,
      message: `${name} sent one flag to ${addresses.length === 1 ? '1 vring' : `${addresses.length} vrings`}`,
      seenAt: () => flagMarks(addresses),
    };
  }
}

function flagMarks(calls: readonly Activation[]): readonly Mark[] {
  return calls.flatMap((call) => mark(call, `${call.func}(enable_log=${String(call.enable)})`));
}

/** A call with the opposite flag, and no sign that anything failed but this. */
function judgeOdd({ run }: SessionContext, pass: Pass, odd: Activation): Judgement {
  const { activation, features } = pass;
  const missing = [
    ...(features.some((a) => a.enable === undefined)
      ? ['enable_log= of vhost_dev_set_features']
      : []),
    ...doubts(run, activation),
    ...unwatched(run, 'vhost_dev_set_features', activation.first, endOf(run, activation)),
    ...unwatched(run, 'vhost_virtqueue_set_addr', activation.first, endOf(run, activation)),
  ];
  if (missing.length === 0 && isOwn(pass, odd)) {
    return turned(run, pass, odd, 'and does not undo the features word', []);
  }
  return {
    verdict: 'inconclusive',
    ...place(odd),
    vring: run.rings.ringOf(odd),
    message: `${nameOf(pass)} sends the opposite flag: failed and undone, or wrong`,
    missing: missing.length > 0 ? missing : ['backtraces'],
  };
}

function turned(
  run: Run,
  pass: Pass,
  odd: Activation,
  how: string,
  evidence: readonly Mark[],
): Judgement {
  const { enable } = pass;
  const vring = run.rings.ringOf(odd);
  return {
    verdict: 'violation',
    ...place(odd),
    vring,
    message: `${nameOf(pass)} sends enable_log=${String(!enable)} to vring ${String(vring)} ${how}`,
    expected: `enable_log=${String(enable)} for every vring of the pass`,
    evidence: [thePass(pass), ...evidence],
  };
}

/** One judgement for each call that a failed pass leaves as it is, and one for the pass that undoes none, or all. */
function* judgeUndoing(
  context: SessionContext,
  pass: Pass,
  failure: Failure,
): Generator<Judgement> {
  const leftovers = [...leftoversOf(context, pass)];
  const isUntouched = pass.addresses.every((a) => a.enable === pass.enable);
  const isNothing = leftovers.some(({ what }) => what === 'features') && isUntouched;
  if (isNothing && leftovers.length > 1) {
    yield judgeNothing(pass, leftovers, failure);
    return;
  }
  for (const leftover of leftovers) yield judgeLeftover(pass, leftover, failure);
  if (leftovers.length > 0) return;
  const message = `${nameOf(pass)} failed and was undone`;
  const seenAt = (): readonly Mark[] => [failure, ...flagMarks(pass.addresses)];
  yield { verdict: 'pass', ...place(pass.activation), message, seenAt };
}

/** The error of the call that fails is not acted on: one cause, however much is left as it is. */
function judgeNothing(pass: Pass, leftovers: readonly Leftover[], failure: Failure): Judgement {
  const at = place(pass.activation);
  const missing = [...new Set(leftovers.flatMap((each) => each.missing))];
  const rings = leftovers.flatMap(({ vring }) => vring ?? []).sort((a, b) => a - b);
  const left = `vring${rings.length > 1 ? 's' : ''} ${rings.join(', ')} and the features word`;
  if (missing.length > 0) {
    const message = `${nameOf(pass)} fails and is not seen to undo ${left}`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  const goesOn = goesOnBehind(pass, failure.step);
  return {
    verdict: 'violation',
    ...at,
    message:
      goesOn === undefined
        ? `${nameOf(pass)} fails and undoes nothing: ${left} keep the new flag`
        : `a call of ${nameOf(pass)} fails, and it goes on as if nothing had failed`,
    expected: `vhost_virtqueue_set_addr(enable_log=${String(!pass.enable)}) for each vring so far, then vhost_dev_set_features(enable_log=${String(!pass.enable)})`,
    evidence: goesOn === undefined ? [failure] : [failure, goesOn],
  };
}

function judgeLeftover(pass: Pass, leftover: Leftover, failure: Mark): Judgement {
  const { what, vring, call, missing, op } = leftover;
  const at = { ...place(call), vring };
  const subject = what === 'vring' ? `vring ${String(vring)}` : 'the features word';
  const func = what === 'vring' ? 'vhost_virtqueue_set_addr' : 'vhost_dev_set_features';
  if (missing.length > 0) {
    const message = `${nameOf(pass)} fails and is not seen to undo ${subject}`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  const undoing = `${func}(enable_log=${String(!pass.enable)})`;
  return {
    verdict: 'violation',
    ...at,
    message: `${nameOf(pass)} fails and does not undo ${subject}${op === undefined ? '' : `: ${undoing} calls no ${op}`}`,
    expected:
      op === undefined ? `${undoing} before vhost_dev_set_log returns` : `${op} below ${undoing}`,
    evidence: [thePass(pass), failure],
  };
}

function nameOf({ enable }: Pass): string {
  return `vhost_dev_set_log(${String(enable)})`;
}

function thePass(pass: Pass): Mark {
  return { line: pass.activation.line, role: `the pass: ${nameOf(pass)}` };
}
