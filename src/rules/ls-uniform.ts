import { passes, unseenPasses } from './shared/log-passes.js';
import { childrenOf, doubts, endOf, place, unwatched } from './shared/queries.js';
import type { Pass } from './shared/log-passes.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** One pass of vhost_dev_set_log() sends one flag to all its rings. */
export const lsUniform: Rule = {
  info: {
    id: 'LS-UNIFORM',
    title: 'all vrings of one pass get the same log flag',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 10.2',
    needs: [
      'the entry of vhost_dev_set_log and its vhost_virtqueue_set_addr calls with enable_log=',
    ],
    probes: ['vhost_dev_set_log', 'vhost_dev_set_features', 'vhost_virtqueue_set_addr'],
    why: 'A ring that gets the opposite flag in a pass that succeeds is left unlogged (or logging into a freed bitmap).',
    remedy: 'Look at what changes enable_log inside the loop of vhost_dev_set_log().',
    exceptions: [
      'the undoing of a failed pass: addresses with the old flag, then vhost_dev_set_features with the old flag, and nothing after',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log()'],
  },
  triggers: ['vhost_dev_set_log', 'vhost_migration_log'],
  *sequence(context) {
    yield* unseenPasses(context, true);
    yield* unseenPasses(context, false);
    for (const pass of [...passes(context, true), ...passes(context, false)]) {
      if (!pass.activation.entered || pass.addresses.length === 0) continue;
      yield judge(context, pass);
    }
  },
};

function judge({ run }: SessionContext, pass: Pass): Judgement {
  const { activation, addresses, enable } = pass;
  const name = `vhost_dev_set_log(${String(enable)})`;
  const at = place(activation);
  const odd = addresses.find((a) => a.enable === !enable);
  if (odd === undefined) {
    const unclear = pass.hasUnknownRing || activation.closed === undefined;
    return unclear
      ? {
          verdict: 'inconclusive',
          ...at,
          message: `the flags of ${name} are not all shown`,
          missing: ['enable_log= of all address calls and the end of the pass'],
        }
      : { verdict: 'pass', ...at, message: `${name} sent one flag to ${addresses.length} vrings` };
  }
  const vring = run.rings.ringOf(odd);
  const subject = { ...place(odd), vring };
  const expected = `enable_log=${String(enable)} for every vring of the pass`;
  const evidence = [{ line: activation.line, role: `the pass: ${name}` }];
  const later = addresses.find(
    (a) => a.first > odd.first && a.enable === enable && isCertain(pass, a.stackKnown),
  );
  const elected = childrenOf(activation, 'vhost_dev_elect_mem_logger').find(
    (a) => a.enable === enable,
  );
  const proof = later ?? elected;
  if (proof !== undefined && odd.stackKnown) {
    return {
      verdict: 'violation',
      ...subject,
      message: `${name} sends enable_log=${String(!enable)} to vring ${String(vring)} and goes on as if nothing had failed`,
      expected,
      evidence: [...evidence, { line: proof.line, role: 'the pass goes on' }],
    };
  }
  const undone = pass.features.some((a) => a.first > odd.first && a.enable === !enable);
  if (undone) return { verdict: 'pass', ...at, message: `${name} failed and was undone` };
  const missing = [
    ...(pass.features.some((a) => a.enable === undefined)
      ? ['enable_log= of vhost_dev_set_features']
      : []),
    ...doubts(run, activation),
    ...unwatched(run, 'vhost_dev_set_features', activation.first, endOf(run, activation)),
    ...unwatched(run, 'vhost_virtqueue_set_addr', activation.first, endOf(run, activation)),
  ];
  if (missing.length > 0 || !odd.stackKnown) {
    return {
      verdict: 'inconclusive',
      ...subject,
      message: `${name} sends the opposite flag: failed and undone, or wrong`,
      missing: missing.length > 0 ? missing : ['backtraces'],
    };
  }
  return {
    verdict: 'violation',
    ...subject,
    message: `${name} sends enable_log=${String(!enable)} to vring ${String(vring)} and does not undo the features word`,
    expected,
    evidence,
  };
}

/** With its entry reported, a pass is one execution: a second one would have been reported too. */
function isCertain(pass: Pass, stackKnown: boolean): boolean {
  return pass.activation.entered && stackKnown;
}
