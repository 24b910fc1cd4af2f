/** What LS-FEATURES and LE-CLEAR share: does a pass of vhost_dev_set_log() send the features word? */
import type { Judgement, SessionContext } from '../rule.js';
import { successOf } from './log-passes.js';
import type { Pass } from './log-passes.js';
import {
  bareWithin,
  childrenOf,
  doubts,
  endOf,
  lacksOp,
  place,
  probeName,
  unwatched,
} from './queries.js';

/** `told`: what the vrings of the pass are told, for messages. */
export function judgeFeatures(context: SessionContext, pass: Pass, told: string): Judgement {
  const { run } = context;
  const { activation, enable } = pass;
  const at = place(activation);
  const name = `vhost_dev_set_log(${String(enable)})`;
  const features = [
    ...pass.features,
    ...childrenOf(activation, 'op_set_features'),
    ...bareWithin(context, activation, 'vhost_dev_set_features', 'op_set_features'),
  ].find((a) => a.enable !== !enable);
  const success = successOf(run, pass);
  const isLost = features?.parent === activation && lacksOp(context, features, 'op_set_features');
  if (features !== undefined && isLost && success !== undefined) {
    const op = probeName('op_set_features', run.rings.backendOf(activation));
    return {
      verdict: 'violation',
      ...at,
      message: `${name} calls vhost_dev_set_features(${String(enable)}), but that never calls ${op}: the backend is not told`,
      expected: `${op} below vhost_dev_set_features`,
      evidence: [{ line: features.line, role: 'it comes back without the op' }, success],
    };
  }
  if (features !== undefined) {
    const evidence = [{ line: features.line, role: 'features' }];
    const message = 'the features word is sent in the pass';
    return { verdict: 'pass', ...at, message, evidence };
  }
  const missing = [
    ...doubts(run, activation),
    ...unwatched(run, 'vhost_dev_set_features', activation.first, endOf(run, activation)),
  ];
  if (success === undefined) missing.push('proof that the pass succeeded');
  const address = pass.addresses[0];
  if (missing.length > 0 || address === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${name} is not seen to send features`,
      missing: missing.length > 0 ? missing : ['a vring'],
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `${name} tells the vrings ${told} but never calls vhost_dev_set_features(${String(enable)})`,
    expected: `vhost_dev_set_features(enable_log=${String(enable)}) before the first vhost_virtqueue_set_addr`,
    evidence: [
      { line: address.line, role: `a vring is told ${told}` },
      ...(success === undefined ? [] : [success]),
    ],
  };
}
