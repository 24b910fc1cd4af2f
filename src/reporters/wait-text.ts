/** Stacks and system calls in which QEMU waits, in words. */
import type { WaitSummary } from '../model/report.js';

/** Callers that are named: what they do is told by the innermost ones. */
const MOST_CALLERS = 4;

/** One sentence, without its line. */
export function waitText(wait: WaitSummary): string {
  const { stack, device, endpoint, thread, times } = wait;
  const who = thread === null ? '' : `${thread}: `;
  const whose = device === null ? '' : `, device ${device}`;
  if (endpoint !== undefined) {
    return `${who}the capture ends while it ${awaited(wait)} in ${callText(wait)} on ${endpoint}`;
  }
  if (stack.length === 0) {
    return `${who}${awaited(wait)}${times > 1 ? `, ${times} stacks` : ''}`;
  }
  const callers = stack.filter((func) => func !== wait.func);
  const named = [wait.func, ...callers.slice(0, MOST_CALLERS)].join(' < ');
  const more = callers.length > MOST_CALLERS ? ' < ...' : '';
  const again = times > 1 ? `, in ${times} stacks` : '';
  return `${who}${awaited(wait)} in ${named}${more}${whose}${again}`;
}

function callText({ func, awaits, request }: WaitSummary): string {
  return awaits === 'kernel' ? `${func}(${request ?? ''})` : `${func}()`;
}

function awaited({ awaits, request }: WaitSummary): string {
  const of = request === null ? '' : ` to ${request}`;
  switch (awaits) {
    case 'reply':
      return `waits for the reply of the vhost-user backend${of}`;
    case 'socket':
      return `waits for room on the socket of the vhost-user backend${request === null ? '' : ` for ${request}`}`;
    case 'kernel':
      return 'waits for the kernel';
    case 'lock':
      return 'waits for the big lock';
  }
}
