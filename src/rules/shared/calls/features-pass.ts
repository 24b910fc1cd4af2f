/** What LS-FEATURES and LE-CLEAR share: does a pass of vhost_dev_set_log() send the features word? */
import type { Activation } from '../../../flows/activation.js';
import { LOG_ALL } from '../../../model/constants.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { overOf, successOf } from './log-passes.js';
import type { Pass } from './log-passes.js';
import { featuresSent } from './printed.js';
import { bareWithin, childrenOf, doubts, endOf, place, unwatched } from './queries.js';
import { unsent } from './unsent.js';
import type { Unsent } from './unsent.js';

/** `told`: what the vrings of the pass are told, for messages. */
export function judgeFeatures(context: SessionContext, pass: Pass, told: string): Judgement {
  const { run } = context;
  const { activation, enable } = pass;
  const at = place(activation);
  const name = `vhost_dev_set_log(${String(enable)})`;
  const calls = [
    ...pass.features,
    ...childrenOf(activation, 'op_set_features'),
    ...bareWithin(context, activation, 'vhost_dev_set_features', 'op_set_features'),
  ].filter((a) => a.enable !== !enable);
  const sent = calls.filter((a) => unsentBy(context, a) === undefined);
  const features = sent.find((a) => flagOf(a) === enable);
  const [call] = calls;
  const lost = call && unsentBy(context, call);
  if (features !== undefined) {
    const evidence = [{ line: features.line, role: 'features' }];
    const message = 'the features word is sent in the pass';
    return { verdict: 'pass', ...at, message, evidence };
  }
  const [unshown] = sent;
  if (unshown !== undefined) {
    const message = `with which flag ${name} calls ${unshown.func} is not seen`;
    const missing = [`enable_log= of ${unshown.func}`];
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  const over = overOf(pass);
  const missing = [
    ...doubts(run, activation, over),
    ...(lost?.missing ?? []),
    ...unwatched(run, 'vhost_dev_set_features', activation.first, over ?? endOf(run, activation)),
  ];
  const success = successOf(run, pass);
  // Whatever may fail in it comes after this call.
  const doesNothing = calls.length === 0 && isEmpty(context, pass);
  if (success === undefined && !doesNothing) missing.push('proof that the pass succeeded');
  const address = pass.addresses[0];
  if (missing.length === 0 && doesNothing) {
    return {
      verdict: 'violation',
      ...at,
      message: `${name} returns without a call: the backend is not told to ${enable ? 'log' : 'stop logging'}`,
      expected: `vhost_dev_set_features(enable_log=${String(enable)}) first of all`,
    };
  }
  if (missing.length > 0 || address === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${name} is not seen to send features`,
      missing: missing.length > 0 ? missing : ['a vring'],
    };
  }
  const wanted = `vhost_dev_set_features(enable_log=${String(enable)})`;
  return {
    verdict: 'violation',
    ...at,
    message:
      lost === undefined
        ? `${name} tells the vrings ${told} but never calls vhost_dev_set_features(${String(enable)})`
        : `${name} tells the vrings ${told}, but its vhost_dev_set_features(${String(enable)}) calls no ${lost.op}`,
    expected:
      lost === undefined
        ? `${wanted} before the first vhost_virtqueue_set_addr`
        : `${lost.op} below ${wanted}`,
    evidence: [
      ...(call === undefined ? [] : [{ line: call.line, role: 'features' }]),
      { line: address.line, role: `a vring is told ${told}` },
      ...(success === undefined ? [] : [success]),
    ],
  };
}

/** Whether a call switches logging on, by its flag or its features word. */
function flagOf(call: Activation): boolean | undefined {
  if (call.enable !== undefined) return call.enable;
  const op =
    call.kind === 'op_set_features'
      ? call
      : call.children.find(({ kind }) => kind === 'op_set_features');
  const word = op && featuresSent(op);
  return word === undefined ? undefined : (word & LOG_ALL) !== 0n;
}

function unsentBy(context: SessionContext, call: Activation): Unsent | undefined {
  return call.kind === 'vhost_dev_set_features'
    ? unsent(context, call, 'op_set_features')
    : undefined;
}

/** Nothing is seen in it, though the op is watched as well: an inlined call would be known by that. */
function isEmpty({ run }: SessionContext, { activation, addresses }: Pass): boolean {
  const backend = run.rings.backendOf(activation);
  const end = endOf(run, activation);
  return (
    activation.children.length === 0 &&
    addresses.length === 0 &&
    backend !== undefined &&
    run.probes.watching('op_set_features', activation.first, end, backend) !== undefined
  );
}
