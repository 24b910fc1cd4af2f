/** The backends that requests and messages go to: what strace, the kernel's tracers and the backends' own logs name. */
import type { Step } from '../facts/step.js';
import type { EndpointSummary } from '../model/report.js';

/** In order of appearance, each with the vrings that were asked about; without a backend where none is told. Pure. */
export function collectEndpoints(steps: readonly Step[]): Omit<EndpointSummary, 'capture'>[] {
  const found = new Map<string, Draft>();
  for (const { wire, session, line } of steps) {
    if (wire?.endpoint === undefined) continue;
    const { endpoint, backend, vring } = wire;
    const key = `${session} ${endpoint}`;
    let draft = found.get(key);
    if (draft === undefined)
      found.set(key, (draft = { session, endpoint, backend, line, vrings: new Set() }));
    draft.backend ??= backend;
    if (vring !== undefined) draft.vrings.add(vring);
  }
  return Array.from(found.values(), ({ backend, vrings, ...rest }) => ({
    ...rest,
    backend: backend ?? 'unknown',
    vrings: [...vrings].sort((a, b) => a - b),
  }));
}

interface Draft extends Pick<EndpointSummary, 'session' | 'endpoint' | 'line'> {
  backend: Exclude<EndpointSummary['backend'], 'unknown'> | undefined;
  readonly vrings: Set<number>;
}
