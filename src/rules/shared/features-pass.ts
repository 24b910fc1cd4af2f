/** What LS-FEATURES and LE-CLEAR share: does a pass of vhost_dev_set_log() send the features word? */
import type { Judgement, SessionContext } from '../rule.js';
import { successOf } from './log-passes.js';
import type { Pass } from './log-passes.js';
import {
  bareWithin,
  childrenOf,
  doubts,
  endOf,
  isUnsent,
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
  if (
    features?.kind === 'vhost_dev_set_features' &&
    isUnsent(context, features, 'op_set_features')
  ) {
    const op = probeName('op_set_features', run.rings.backendOf(features));
    return {
      verdict: 'violation',
      ...place(features),
      message: `${name} tells the vrings ${told}, but its vhost_dev_set_features returns without ${op}`,
      expected: `${op} below vhost_dev_set_features`,
      evidence: [{ line: activation.line, role: name }],
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
  const success = successOf(run, pass);
  const address = pass.addresses[0];
  const isSkipped = missing.length === 0 && isFirstCallSkipped(context, pass);
  if (success === undefined && !isSkipped) missing.push('proof that the pass succeeded');
  if (missing.length > 0 || (address === undefined && !isSkipped)) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${name} is not seen to send features`,
      missing: missing.length > 0 ? missing : ['a vring'],
    };
  }
  const tells = address === undefined ? '' : `tells the vrings ${told} but `;
  return {
    verdict: 'violation',
    ...at,
    message: `${name} ${tells}never calls vhost_dev_set_features(${String(enable)})`,
    expected: `vhost_dev_set_features(enable_log=${String(enable)}) before the first vhost_virtqueue_set_addr`,
    evidence: [
      ...(address === undefined ? [] : [{ line: address.line, role: `a vring is told ${told}` }]),
      ...(success === undefined ? [] : [success]),
    ],
  };
}

/** The features are sent before all else, however the pass ends: neither the call nor its op is there, and both are watched. */
function isFirstCallSkipped(context: SessionContext, { activation, features }: Pass): boolean {
  const { run } = context;
  const backend = run.rings.backendOf(activation);
  return (
    features.length === 0 &&
    (backend === 'user' || backend === 'kernel') &&
    unwatched(run, 'op_set_features', activation.first, endOf(run, activation), backend).length ===
      0
  );
}
