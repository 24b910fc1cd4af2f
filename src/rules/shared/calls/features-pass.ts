/** What LS-FEATURES and LE-CLEAR share: does a pass of vhost_dev_set_log() send the features word? */
import { failureIn, isInside } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { LOG_ALL } from '../../../model/constants.js';
import { mark } from '../marks.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import type { FactKind } from '../../../model/fact.js';
import { overOf, successOf } from './log-passes.js';
import type { Pass } from './log-passes.js';
import { featuresSent } from './printed.js';
import {
  bareWithin,
  childrenOf,
  doubts,
  endOf,
  hasGap,
  place,
  recordDoubts,
  unwatched,
} from './queries.js';
import { doneUnlessEnding } from './unfinished.js';
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
  const failed = features && failureIn(features);
  if (features !== undefined && failed !== undefined)
    return judgeRefused(context, pass, features, failed, told);
  if (features !== undefined) {
    const evidence = [{ line: features.line, role: 'features' }];
    const message = 'the features word is sent in the pass';
    return doneUnlessEnding(context, features, { ...at, message, evidence });
  }
  const [unshown] = sent;
  if (unshown !== undefined) {
    const message = `with which flag ${name} calls ${unshown.func} is not seen`;
    const argument = unshown.kind === 'op_set_features' ? 'features' : 'enable_log';
    const missing = [`${argument}= of ${unshown.func}`];
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
      missing: missing.length > 0 ? missing : whatShowsNothing(context, pass),
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

/**
 * A features word that the backend does not take ends the pass, before any vring (QEMU hw/virtio/vhost.c
 * vhost_dev_set_log(), err_features): a vring behind it is told what the backend does not do.
 */
function judgeRefused(
  context: SessionContext,
  pass: Pass,
  features: Activation,
  failed: Activation,
  told: string,
): Judgement {
  const { run } = context;
  const { activation, enable } = pass;
  const { value = '', line = features.line } = failed.result ?? {};
  const name = `vhost_dev_set_log(${String(enable)})`;
  const next = activation.children.find(
    (a) => GOES_ON.includes(a.kind) && a.enable === enable && a.first > features.last,
  );
  const end = next?.first ?? endOf(run, activation);
  const missing =
    next === undefined
      ? [
          ...recordDoubts(run, activation),
          ...unwatched(run, 'vhost_virtqueue_set_addr', activation.first, end),
        ]
      : missingOfOne(context, pass, failed, next);
  if (next !== undefined && missing.length === 0) {
    return {
      verdict: 'violation',
      ...place(failed),
      message: `${failed.func} returns ${value}, and ${name} goes on to tell the vrings ${told}`,
      expected: `${name} returns the error, and tells the vrings nothing`,
      evidence: [
        { line, role: REFUSED },
        { line: next.line, role: 'the pass goes on' },
      ],
    };
  }
  if (missing.length > 0) {
    const message = `${failed.func} returns ${value}, and ${name} is not seen to end by that`;
    return { verdict: 'inconclusive', ...place(failed), message, missing };
  }
  const message = `the backend refuses the features word, and ${name} ends`;
  const seenAt = (): readonly Mark[] => mark({ line }, REFUSED);
  return { verdict: 'pass', ...place(activation), message, seenAt };
}

const REFUSED = 'the features word is refused';
const GOES_ON: readonly FactKind[] = ['vhost_virtqueue_set_addr', 'vhost_dev_elect_mem_logger'];

/** What keeps a refused call and one behind it from being of one pass: the next pass begins with its own features. */
function missingOfOne(
  { run }: SessionContext,
  { activation }: Pass,
  failed: Activation,
  next: Activation,
): string[] {
  const { kind, first, backend } = failed;
  const missing: string[] = [];
  if (!isInside(failed, activation)) missing.push(`the backtrace at ${failed.func}`);
  if (hasGap(run, first, next.first)) missing.push(`an unbroken record of ${activation.func}`);
  if (failed.altered || activation.altered) missing.push('a run that the debugger did not alter');
  if (!activation.entered) missing.push(...unwatched(run, kind, first, next.first, backend));
  const isAgain = childrenOf(activation, 'vhost_dev_set_features', 'op_set_features').some(
    (a) => a.first > failed.last && a.first < next.first,
  );
  if (isAgain) missing.push(`the entry of ${activation.func}`);
  return missing;
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

/** What would show that it does nothing, see {@link isEmpty}; where it does something, only a vring would show how far it comes. */
function whatShowsNothing({ run }: SessionContext, { activation, addresses }: Pass): string[] {
  const isBare = activation.children.length === 0 && addresses.length === 0;
  const backend = run.rings.backendOf(activation);
  const end = endOf(run, activation);
  const ops = isBare ? unwatched(run, 'op_set_features', activation.first, end, backend) : [];
  return ops.length > 0 ? ops : ['a vring'];
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
