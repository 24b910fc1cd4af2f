/** What LS-ALL-RINGS and LE-CLEAR share: did a pass of vhost_dev_set_log() reach every ring it had to? */
import { hasGap } from '../../flows/run.js';
import { doubts, endOf, place, probeName, successOf, unwatched } from './queries.js';
import type { Pass } from './queries.js';
import type { Judgement, Mark, SessionContext } from '../rule.js';

interface Wanted {
  /** Rings that certainly have to be addressed, ascending. */
  readonly rings: readonly number[];
  /** `F_LOG`, `the end of F_LOG`: for messages. */
  readonly what: string;
  readonly harm: string;
}

/** One judgement for each ring that was missed, else one for the pass. */
export function* judgePass(
  context: SessionContext,
  pass: Pass,
  wanted: Wanted,
): Generator<Judgement> {
  const { run } = context;
  const { activation } = pass;
  const missed = wanted.rings.filter((ring) => !pass.rings.has(ring));
  const at = place(activation);
  const name = `vhost_dev_set_log(${String(pass.enable)})`;
  if (missed.length === 0) {
    if (wanted.rings.length > 0) {
      yield {
        verdict: 'pass',
        ...at,
        message: `${name} gave ${wanted.what} to vrings ${wanted.rings.join(', ')}`,
      };
    } else {
      yield {
        verdict: 'inconclusive',
        ...at,
        message: `which rings ${name} has to reach is not known`,
        missing: [
          'the device start before it, with probes vhost_dev_start, vhost_virtqueue_set_addr, vhost_virtqueue_stop',
        ],
      };
    }
    return;
  }
  for (const vring of missed) yield judgeMissed(context, pass, vring, wanted);

  function judgeMissed({ run: r }: SessionContext, p: Pass, vring: number, w: Wanted): Judgement {
    const subject = { ...at, vring };
    const missing = missingFor(context, p, vring);
    if (missing.length > 0) {
      return {
        verdict: 'inconclusive',
        ...subject,
        message: `${name} is not seen to reach vring ${vring}`,
        missing,
      };
    }
    return {
      verdict: 'violation',
      ...subject,
      ...quirk(r.rings.backendOf(activation), r.rings.vqIndexOf(activation)),
      message: `${name} never gave ${w.what} to vring ${vring}: ${w.harm}`,
      expected: `vhost_virtqueue_set_addr(idx=${vring}, enable_log=${String(p.enable)}) before vhost_dev_set_log returns`,
      evidence: evidenceFor(context, p, vring),
    };
  }

  function missingFor(c: SessionContext, p: Pass, vring: number): string[] {
    const end = endOf(run, activation);
    const found = unwatched(run, 'vhost_virtqueue_set_addr', activation.first, end);
    if (p.rolledBack) found.push('a pass that was not rolled back');
    if (p.hasUnknownRing) found.push('idx= of vhost_virtqueue_set_addr');
    const backend = run.rings.backendOf(activation);
    if (backend === undefined) found.push(`probe ${probeName('op_set_vring_addr', undefined)}`);
    if (backend === 'kernel' && run.rings.vqIndexOf(activation) === undefined) {
      found.push('vhost_virtqueue_start with its idx=, to know vq_index');
    }
    if (found.length > 0) return found;
    // Rings are addressed in ascending order: a later one proves that this one was passed over.
    const later = p.addresses.find(
      (a) => (run.rings.ringOf(a) ?? -1) > vring && a.enable === p.enable,
    );
    if (later !== undefined && activation.entered && !hasGap(run, activation.first, later.first))
      return [];
    const doubt = doubts(run, activation);
    return doubt.length > 0 || successOf(run, p) !== undefined
      ? doubt
      : ['proof that the pass succeeded'];
  }
}

/**
 * Since 5.2 the loop of vhost_dev_set_log() asks for the descriptor address of the *backend's* index:
 * a kernel device of a higher pair looks at the rings of pair 0 and may skip its own.
 */
function quirk(backend: string | undefined, vqIndex: number | undefined): { severity?: 'note' } {
  return backend === 'kernel' && vqIndex !== undefined && vqIndex > 0 ? { severity: 'note' } : {};
}

function evidenceFor(context: SessionContext, pass: Pass, vring: number): Mark[] {
  const { run } = context;
  const started = context
    .of('vhost_virtqueue_set_addr')
    .findLast(
      (a) =>
        a.device === pass.device &&
        a.first < pass.activation.first &&
        run.rings.ringOf(a) === vring,
    );
  const marks: Mark[] = [];
  if (started !== undefined) {
    marks.push({
      line: started.line,
      role: `vring ${vring} was addressed with enable_log=${String(started.enable)}`,
    });
  }
  for (const address of pass.addresses) {
    const ring = run.rings.ringOf(address);
    if (ring !== undefined)
      marks.push({ line: address.line, role: `the same pass reaches vring ${ring}` });
  }
  const success = successOf(run, pass);
  if (success !== undefined && success.line !== pass.addresses.at(-1)?.line) marks.push(success);
  return marks;
}
