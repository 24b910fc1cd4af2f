/**
 * The file in which the log is, which goes along with SET_LOG_BASE.
 *
 * Source: QEMU hw/virtio/vhost-user.c vhost_user_set_log_base(): with LOG_SHMFD log->fd, which vhost.c vhost_log_alloc()
 * has of a shared log always.
 */
import { bigintOf } from '../../../model/values.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { isOfSameQemu, missingEndpoint, nameOf } from './messages.js';
import type { Connection, Message } from './messages.js';

/** VHOST_USER_PROTOCOL_F_LOG_SHMFD */
const LOG_SHMFD = 1n << 1n;

/** In the word of SET_PROTOCOL_FEATURES; undefined where it is not shown. */
export function hasLogShmfd({ u64 }: Message['payload']): boolean | undefined {
  const word = bigintOf(u64);
  return word === undefined ? undefined : (word & LOG_SHMFD) !== 0n;
}

/** The log of a backend with LOG_SHMFD is in shared memory, so that its file goes along. */
export function withoutFile(
  context: SessionContext,
  connection: Connection,
  base: Message,
): Judgement | undefined {
  const size = bigintOf(base.payload.mmap_size);
  if (base.bringsFile !== false || size === undefined || size === 0n) return undefined;
  const signs = connection.messages.filter(
    (sign) => sharesLog(sign) !== undefined && sign.greeting === base.greeting,
  );
  const sign = signs.find((known) => isOfSameQemu(context, connection, known, base));
  if (sign !== undefined && sharesLog(sign) === false) return undefined;
  const missing = missingEndpoint(connection);
  if (sign === undefined)
    missing.push(
      'SET_PROTOCOL_FEATURES, of the same thread or over a socket that strace -y names: without LOG_SHMFD (0x2) no file goes along',
    );
  const at = { endpoint: connection.endpoint, step: base.step, line: base.line };
  const message = `SET_LOG_BASE to ${nameOf(connection)}: mmap_size ${size}, and no file descriptor of the log goes along`;
  if (sign === undefined || missing.length > 0)
    return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: 'the file descriptor of the log (SCM_RIGHTS)',
    evidence: [{ line: sign.line, role: `${sign.name}: the log is shared with the backend` }],
  };
}

/** LOG_SHMFD, as negotiated or as shown by a log base that brings the file. */
function sharesLog({ sender, name, payload, bringsFile }: Message): boolean | undefined {
  if (sender !== 'frontend') return undefined;
  if (name === 'SET_LOG_BASE') return bringsFile === true ? true : undefined;
  return name === 'SET_PROTOCOL_FEATURES' ? hasLogShmfd(payload) : undefined;
}
