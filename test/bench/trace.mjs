/** A store with many facts. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { runIngest } from '../../dist/pipeline/ingest.js';

/** A trace log of dirty bitmap syncs, with a device start and stop here and there; every line is a fact. */
async function writeTrace(path, facts) {
  const file = createWriteStream(path);
  for (let i = 0; i < facts; i++) {
    const time = `17${String(i).padStart(8, '0')}.000001`;
    const device = `0x55d0${String((i >> 10) % 8)}000`;
    const line =
      i % 1000 === 0
        ? `700@${time}:vhost_dev_start ${device}:virtio-net vrings:1`
        : i % 1000 === 999
          ? `700@${time}:vhost_dev_stop ${device}:virtio-net vrings:1`
          : `${701 + (i % 3)}@${time}:vhost_user_write req:${i % 40} flags:0x1`;
    if (!file.write(`${line}\n`)) await new Promise((resolve) => file.once('drain', resolve));
  }
  file.end();
  await finished(file);
}

/** Makes the trace and the store in a folder; gives the path of the store. */
export async function makeStore(folder, facts) {
  const log = join(folder, 'trace.log');
  const database = join(folder, 'bench.db');
  await writeTrace(log, facts);
  await runIngest([log], database);
  return database;
}
