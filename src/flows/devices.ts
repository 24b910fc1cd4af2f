/** The devices of a run: their backends, names and rings. */
import { deviceOf } from '../facts/stacks/device.js';
import { meaningOf } from '../facts/stacks/frame-meaning.js';
import { innerFrames } from '../facts/stacks/inner-frames.js';
import type { Step } from '../facts/step.js';
import type { Backend } from '../model/fact.js';
import type { DeviceFact } from './facts.js';

export interface Device {
  readonly session: number;
  /** Lower-case hex without leading zeros. */
  readonly address: string;
  readonly backend: Backend | undefined;
  /** Line of the capture that shows the backend; undefined where the user gave it. */
  readonly backendLine: number | undefined;
  /** Name of the virtio device (`virtio-net`), where a trace event gives it. */
  readonly name: string | undefined;
  /** Indices as given to the backend, ascending. */
  readonly vrings: readonly number[];
}

/** All devices of a run in order of appearance: `stops` are its steps that show calls, `facts` those that name a device. */
export function collectDevices(
  stops: readonly Step[],
  facts: Iterable<DeviceFact>,
  offset: bigint,
  assumed: readonly (Backend | undefined)[],
): Device[] {
  const drafts: DeviceDraft[] = [];
  const bySession: Map<string, DeviceDraft>[] = [];
  const draftOf = (session: number, address: string): DeviceDraft => {
    const ofSession = (bySession[session] ??= new Map());
    const known = ofSession.get(address);
    if (known !== undefined) return known;
    const draft = { session, address, vrings: new Set<number>() };
    ofSession.set(address, draft);
    drafts.push(draft);
    return draft;
  };
  for (const fact of facts) {
    const draft = draftOf(fact.session, fact.device);
    seeBackend(draft, fact.backend, fact.line);
    if (fact.vring !== undefined) draft.vrings.add(fact.vring);
    // Only the trace events name the virtio device.
    if (fact.name !== undefined) draft.name ??= fact.name;
  }
  let before: Pick<Step, 'session' | 'frames' | 'calls'> = { session: -1, frames: [], calls: [] };
  for (const step of stops) {
    const { session, frames, calls } = step;
    const known = session === before.session ? before : { frames: [], calls: [] };
    for (const frame of innerFrames(frames, known.frames)) {
      const { netDevice } = meaningOf(frame);
      if (netDevice !== undefined) draftOf(session, netDevice);
    }
    for (let i = 0; i < calls.length; i++) {
      const call = calls[i];
      if (call === undefined || call === known.calls[i]) continue;
      const address = deviceOf(call, offset);
      if (address !== undefined) draftOf(session, address);
    }
    before = step;
  }
  return drafts.map(({ session, address, backend, backendLine, name, vrings }) => ({
    session,
    address,
    backend: backend ?? assumed[session],
    backendLine,
    name,
    vrings: [...vrings].sort((a, b) => a - b),
  }));
}

function seeBackend(draft: DeviceDraft, backend: Backend | undefined, line: number): void {
  if (backend === undefined || draft.backendLine !== undefined) return;
  draft.backend = backend;
  draft.backendLine = line;
}

interface DeviceDraft {
  readonly session: number;
  readonly address: string;
  readonly vrings: Set<number>;
  backend?: Backend;
  backendLine?: number;
  name?: string | undefined;
}
