/** `vhtrace scrub`: nothing private is left, and whoever reads the capture finds the same as before. */
import fc from 'fast-check';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkRuns } from '../src/check/check-captures.js';
import { buildFlows } from '../src/flows/tree/flow.js';
import { buildRun } from '../src/flows/run.js';
import type { Flow, FlowNode } from '../src/model/flow.js';
import { readCapture } from '../src/pipeline/read-capture.js';
import { runScrub } from '../src/pipeline/scrub.js';
import { Scrubber } from '../src/scrub/scrubber.js';
import { expectEqual } from './helpers/expect-equal.js';
import { tempDir } from './helpers/temp-dir.js';
import { shareOf } from './helpers/share.js';

const root = join(import.meta.dirname, '..');
const shared = join(root, '..', 'shared', 'captures');
const TEXTS = new Set(['.txt', '.log', '.typescript', '.xz', '.gz', '.zst']);

function capturesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => TEXTS.has(extname(name)) && !name.startsWith('big'))
    .map((name) => join(folder, name))
    .sort();
}

const captures = [
  ...capturesUnder(join(root, 'fixtures', 'captures')),
  ...capturesUnder(join(root, 'fixtures', 'formats')),
  ...capturesUnder(join(root, 'fixtures', 'rules')),
  ...capturesUnder(shared),
];

async function scrubFile(path: string): Promise<string[]> {
  const lines: string[] = [];
  await runScrub({ path, words: [], emit: (line) => lines.push(line) });
  return lines;
}

/** What a reader gets out of a capture, without what is a pseudonym by design. */
async function reading(path: string, text?: string): Promise<object> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(text ?? ''));
  };
  const capture = await readCapture(path, text === undefined ? {} : { source });
  const run = buildRun(capture.reading, { assumeOrdered: false });
  const { findings } = checkRuns([{ ...capture, run }]);
  return {
    lines: capture.reading.lines,
    findings: findings.map(({ rule, verdict, severity, at, count, vring, fingerprint, evidence }) =>
      [
        rule,
        verdict,
        severity,
        at.line,
        count,
        vring,
        fingerprint,
        evidence.map(({ line }) => line),
      ].join(' '),
    ),
    flows: buildFlows(capture.info, capture.reading, run).map(shapeOf),
  };
}

function shapeOf({ ordered, session, nodes }: Flow): unknown[] {
  const list = (all: readonly FlowNode[]): unknown[] =>
    all.map((node) => [
      [node.kind, node.name, node.line, node.lastLine, node.lane, node.actor, node.vring].join(' '),
      [
        node.deviceName?.replace(/^\/.*/, 'a socket').replace(/0x[0-9a-f]+$/, 'a pointer'),
        node.callSite,
        node.count,
        node.time,
        node.folded.length,
      ].join(' '),
      node.args.map(({ name }) => name).join(' '),
      ...list(node.children),
    ]);
  return [ordered, session, ...list(nodes)];
}

// A pointer that has lost digits is none that scrub moves: nothing tells any more that it was a part of another one.
const MAIMED = /address-cut-off|pointer-torn|device-of-a-call-cut-off/;

const names = shareOf(captures, 0, 8)
  .filter((path) => !MAIMED.test(path))
  .map((path) => path.slice(root.length - '/main'.length));

test.each(names)('%s', async (name) => {
  const path = captures.find((each) => each.endsWith(name)) ?? name;
  const lines = await scrubFile(path);
  const text = lines.map((line) => `${line}\n`).join('');
  expectEqual(await reading(path, text), await reading(path), name);
  const again = new Scrubber();
  expect(lines.map((line) => again.line(line))).toEqual(lines);
});

const word = fc
  .stringMatching(/^[a-z][a-z0-9]{6,11}$/)
  .filter((text) => !/^(?:qemu|linux|glib|dpdk|spdk)/.test(text));
const pointer = (first: bigint): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: first + 0x10000000n, max: first + (1n << 39n) });

/** A capture with everything that tells about its machine. */
const privateCapture = fc.record({
  user: word,
  host: word,
  vm: word,
  folder: word,
  heap: pointer(0x560000000000n),
  stack: pointer(0x7f0000000000n),
  ip: fc.ipV4().filter((text) => /^(?:[1-9]\d|1[3-8]\d)\./.test(text)),
  uuid: fc.uuid(),
});

test('nothing that tells about the machine is left, and a second scrub changes nothing', () => {
  fc.assert(
    fc.property(privateCapture, ({ user, host, vm, folder, heap, stack, ip, uuid }) => {
      const dev = heap.toString(16);
      const lines = [
        `${user}@${host}:~/${folder}$ gdb -x /home/${user}/${folder}/vhost.gdb`,
        `qemu-system-x86_64 -name guest=${vm} -uuid ${uuid} -vnc ${ip}:1 -pidfile /run/${folder}.pid`,
        `#0  vhost_dev_set_log (dev=0x${dev}, enable_log=true) at /home/${user}/${folder}/hw/virtio/vhost.c:989`,
        `#1  0x${dev.padStart(16, '0')} in vhost_migration_log (listener=0x${(heap + 8n).toString(16)}, base=${stack}) at ../hw/virtio/vhost.c:1069`,
        `[pid 3] ioctl(9</dev/vhost-net>, VHOST_SET_LOG_BASE, [0x${stack.toString(16)}]) = 0`,
      ];
      const scrubber = new Scrubber();
      const scrubbed = lines.map((line) => scrubber.line(line));
      const text = scrubbed.join('\n');
      const secrets = [user, host, vm, folder, dev, String(stack), stack.toString(16), ip, uuid];
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
      const [, moved = '0'] = /\(dev=(0x[\da-f]+)/.exec(text) ?? [];
      const [, listener = '0'] = /listener=(0x[\da-f]+)/.exec(text) ?? [];
      expect(BigInt(listener) - BigInt(moved)).toBe(8n);
      expect(text).toContain('../hw/virtio/vhost.c:1069');
      const again = new Scrubber();
      expect(scrubbed.map((line) => again.line(line))).toEqual(scrubbed);
    }),
  );
});

test('hosts of migration addresses, of ssh and of options are no secret of the log any more', async () => {
  const path = join(tempDir(), 'log.txt');
  writeFileSync(
    path,
    [
      'prod-db is the VM that failed here, on db-server1',
      '(qemu) migrate -d tcp:desthost:4444',
      '{"execute":"migrate","arguments":{"uri":"tcp:dst2.corp.example:4444"}}',
      'migrate_uri exec:ssh -p 22 bobby@backuphost nc',
      'copy from bobby@copyhost:/tmp/x',
      '{"addr":{"transport":"socket","type":"inet","host":"inethost","port":"1"}}',
      'qemu-system-x86_64 -name guest=prod-db -chardev socket,host=charhost,port=1 -netdev tap,ifname=tap-acme',
      '[alice@db-server1 ~]$ ls',
      '#0  f (s=s@entry=0x0, host_port="tcp:gdbhost:4444", uri=0x7ffe0000 "tcp:0:4444") at ../io/net.c:1',
      '-netdev tap,ifname=tap0 -incoming tcp:localhost:4444 -chardev socket,server=on',
    ].join('\n'),
  );
  const lines: string[] = [];
  await runScrub({ path, words: [], emit: (line) => lines.push(line) });
  const text = lines.join('\n');
  const secrets =
    /prod-db|db-server1|desthost|dst2|bobby|backuphost|copyhost|inethost|charhost|acme|alice|gdbhost/;
  expect(text).not.toMatch(secrets);
  expect(lines.at(-1)).toBe(
    '-netdev tap,ifname=tap0 -incoming tcp:localhost:4444 -chardev socket,server=on',
  );
  expect(text).toContain('s=s@entry=0x0');
});

test.each([
  ['a prompt with an address', 'alice@10.0.0.5:~$ gdb', 'user1@192.0.2.1:~$ gdb'],
  ['a user with a dot', '[bob.ray@10.0.0.7 ~]$ x', '[user1xx@192.0.2.1 ~]$ x'],
  ['ssh to an address', 'ssh bobby@10.1.2.3', 'ssh user1@192.0.2.1'],
  [
    'scp to an IPv6 address',
    'scp a bobby@[2001:db8:7::9]:/tmp/',
    'scp a user1@[2001:db8::1]:/tmp/',
  ],
  [
    'the log header of libvirt',
    'kernel: 5.14.0, hostname: hyp07.acme.lan\nhyp07: up',
    'kernel: 5.14.0, hostname: host1xxxxxxxxx\nhost2: up',
  ],
  [
    'the domain of a known host',
    'a@hyp42:~# gdb\nhyp42.corp.net: up\nhyp42.log',
    'user1@host1:~# gdb\nhost2xxxxxxxxx: up\nhost1.log',
  ],
  ['a home of Windows', 'PS C:\\Users\\Dave> gdb', 'PS C:\\Users\\user1> gdb'],
  [
    'the serial of a disk',
    'drive=d0,serial=ACME-0042 ACME-0042',
    'drive=d0,serial=name1xxxx name1xxxx',
  ],
  ['a MAC without colons', 'net0,mac=5254001a2b3c', 'net0,mac=00005e005301'],
  ['a home above the build', 'at ../../../home/dave/q.c:1', 'at ../../../home/user1/q.c:1'],
  [
    'libvirt numbers a guest',
    '-name guest=pay-db,x=on\nqemu-3-pay-db.log domain-3-pay-db 3-pay-db',
    '-name guest=vm1xxx,x=on\nqemu-3-vm1xxx.log domain-3-vm1xxx 3-vm1xxx',
  ],
  [
    'libvirt cuts a long name',
    'guest=pay-db-of-the-north-west\ndomain-3-pay-db-of-the-north-',
    'guest=vm1xxxxxxxxxxxxxxxxxxxxx\ndomain-3-vm1xxxxxxxxxxxxxxxxx',
  ],
  [
    'huge pages of a guest',
    'mem-path=/dev/hugepages/libvirt/qemu/3-web',
    'mem-path=/dev/hugepages/libvirt/qemu/file1',
  ],
  [
    'a disk by its label',
    'file=/dev/disk/by-id/nvme-CORP_123',
    'file=/dev/disk/by-id/file1xxxxxxxx',
  ],
  [
    'a MAC in three forms',
    '52:54:00:ab:cd:ef 52-54-00-AB-CD-EF 5254.00ab.cdef',
    '00:00:5e:00:53:01 00-00-5e-00-53-01 0000.5e00.5301',
  ],
  [
    'what coredumpctl says of a machine',
    '   Owner UID: 1000 (dave)\n     Boot ID: 011f8fd0783c464184955c281ce2c1b7\n  Machine ID: af8d424897a0479fa2fc0e5afcff3198\n    Hostname: n27.pool.acme.lan\nn27: up',
    '   Owner UID: 1000 (user1)\n     Boot ID: 00000000000040008000000000000001\n  Machine ID: 00000000000040008000000000000002\n    Hostname: host1xxxxxxxxxxxx\nn27: up',
  ],
  [
    'a boot in both of its forms',
    '_BOOT_ID=011f8fd0783c464184955c281ce2c1b7 011f8fd0-783c-4641-8495-5c281ce2c1b7',
    '_BOOT_ID=00000000000040008000000000000001 00000000-0000-4000-8000-000000000001',
  ],
  ...[
    'Nov 29 10:11:12.123456',
    '2026-11-29T10:11:12.123456Z',
    '2026-11-29T10:11:12+0100',
    'Sun 2026-11-29 10:11:12 UTC',
    '1795320809.223469',
    '[12345.678901]',
    '> Nov 29 10:11:12',
  ].map((stamp): [string, string, string] => [
    `the host behind ${stamp}`,
    `${stamp} db-prod-17 qemu-kvm[1]: vhost_commit Started: 1 Changed: 0`,
    `${stamp} host1xxxxx qemu-kvm[1]: vhost_commit Started: 1 Changed: 0`,
  ]),
  [
    'what stands behind a stamp and is no host',
    '2026-11-29T10:11:12.123456Z error main: gone\n[   12.345678] Booting kernel: 6\nNov 26 12:00:00 vhost_dev_start 0x1:virtio-blk',
    '2026-11-29T10:11:12.123456Z error main: gone\n[   12.345678] Booting kernel: 6\nNov 26 12:00:00 vhost_dev_start 0x1:virtio-blk',
  ],
  [
    'the fields of the journal',
    '_HOSTNAME=db-prod-17\n_SYSTEMD_CGROUP=/machine.slice/machine-qemu\\x2d3\\x2dpay\\x2ddb.scope/libvirt\npay-db',
    '_HOSTNAME=host1xxxxx\n_SYSTEMD_CGROUP=/machine.slice/machine-qemu\\x2d3\\x2dvm1xxx.scope/libvirt\nvm1xxx',
  ],
  ['a host once', 'HOSTNAME=db-prod-17 db-prod-17', 'HOSTNAME=host1xxxxx host1xxxxx'],
  [
    'the user and the host of an address',
    'qemu+ssh://bobby@db-prod-18/system http://carol:pw12@web-9:80/x qemu+tls://hyp-99/system',
    'qemu+ssh://user1@host1xxxxx/system http://user2:scrubbed@host2:80/x qemu+tls://host3x/system',
  ],
  ['a path of a scheme', 'file:///home/bobby/x', 'file:///home/user1/file1'],
  [
    'secrets of options',
    '-object secret,id=s0,data=hunter2 -drive file=rbd:pool/v:id=admin:key=AQD+/x==:auth=none -spice port=1,password=hu,,nter,x=on -vnc :1,password=on',
    '-object secret,id=s0,data=scrubbed -drive file=rbd:pool/v:id=admin:key=scrubbed:auth=none -spice port=1,password=scrubbed,x=on -vnc :1,password=on',
  ],
  [
    'secrets of QMP, of the monitor and of gdb',
    '{"qom-type":"secret","data":"hunter2"} {"password": "a b"} set_password vnc hunter2\nf (password=0x5555 "hunter2", x=password@entry=0x0, data=0x0)',
    '{"qom-type":"secret","data":"scrubbed"} {"password": "scrubbed"} set_password vnc scrubbed\nf (password=0x5555 "scrubbed", x=password@entry=0x0, data=0x0)',
  ],
  ['a token of a CI system', 'x ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'x scrubbed'],
  [
    'what uname says',
    'Linux db-prod-17 6.12.107+deb13-amd64 #1 SMP x86_64 GNU/Linux\nLinux version 6.12.107 (gcc) #1 SMP',
    'Linux host1xxxxx 6.12.107+deb13-amd64 #1 SMP x86_64 GNU/Linux\nLinux version 6.12.107 (gcc) #1 SMP',
  ],
  [
    'a host that gdb or strace prints',
    '{host = 0x555556 "db-prod-18", x = 1} uname({sysname="Linux", nodename="db-prod-19"})',
    '{host = 0x555556 "host1xxxxx", x = 1} uname({sysname="Linux", nodename="host2xxxxx"})',
  ],
  [
    'XML of libvirt',
    "<domain type='kvm'><name>payroll</name><vcpu>4</vcpu>\n  <nvram>/home/dave/x.fd</nvram></qemu:commandline>\n3</payroll_log>",
    "<domain type='kvm'><name>vm1xxxx</name><vcpu>4</vcpu>\n  <nvram>/home/user1/file1.fd</nvram></qemu:commandline>\n3</file2xxxxxx>",
  ],
  [
    'guests of virsh',
    " 3    payroll   running\n -    old-db   shut off\nDomain 'web-01' started",
    " 3    vm1xxxx   running\n -    vm2xxx   shut off\nDomain 'vm3xxx' started",
  ],
])('%s', (_, text, scrubbed) => {
  const scrubber = new Scrubber();
  const lines = text.split('\n');
  for (const line of lines) scrubber.line(line);
  const again = new Scrubber();
  const made = lines.map((line) => scrubber.line(line));
  expect(made.join('\n')).toBe(scrubbed);
  expect(made.map((line) => again.line(line))).toEqual(made);
});

test.each([
  ['copied from \\\\fileserver7\\captures\\gdb.log', 'fileserver7'],
  ['{"path": "\\\\\\\\fs-02\\\\share\\\\x"}', 'fs-02'],
  ['From: Jane Doe <jane.doe@acme.example>', 'Jane Doe'],
  ['Cc: "Doe, Jane" <jane@acme.example>, Max Muster <max@acme.example>', 'Doe, Jane', 'Max Muster'],
  ['> On Mon, Nov 23, 2026 at 10:00 AM Jane Doe <jane@acme.example> wrote:', 'Jane Doe'],
  ['Signed-off-by: Jane Doe <jane@acme.example>', 'Jane Doe'],
  ['2026-11-23T10:00:00 3com-n17 qemu[12]: x', '3com-n17'],
  ['Static hostname: 10gbe-node1', '10gbe-node1'],
  ['bob@3com-n17:~$ ls', '3com-n17'],
  ['migrate tcp:9rack:4444', '9rack'],
  ['Linux 7node.acme.example 6.12.107-amd64 #1 SMP', '7node.acme.example'],
])('named nowhere any more: %s', (line, ...names) => {
  const scrubber = new Scrubber();
  const scrubbed = [line, ...names.map((name) => `and ${name} again`)].map((each) =>
    scrubber.line(each),
  );
  for (const name of names) expect(scrubbed.join('\n')).not.toContain(name);
  expect(scrubbed.map((each) => new Scrubber().line(each))).toEqual(scrubbed);
});

test.each([
  'sendmsg(12, "\\\\abc\\1\\0 \\\\x6e\\\\x41 C:\\\\Windows\\\\System32"...',
  'escapes \\\\n\\\\t \\\\012\\\\034 of a string',
  'host=0x5555, ,host=4444 tcp:0:4444 tcp:127.0.0.1:4444',
])('no host: %s', (line) => {
  expect(new Scrubber().line(line)).toBe(line);
});

test('a path that strace -xx prints byte by byte becomes the one that the plain path becomes', () => {
  const hex = (text: string): string =>
    Array.from(Buffer.from(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  const scrubber = new Scrubber();
  const plain = scrubber.line('connect(12, {sun_path="/home/alice/vm7/vhost.sock"}, 110) = 0');
  const path = /"(.*)"/.exec(plain)?.[1] ?? '';
  expect(path).not.toContain('alice');
  for (const [before, behind] of [
    ['"', '"'],
    ['12<', '>'],
    ['"\\x00', '"'],
  ] as const) {
    const line = scrubber.line(`${before}${hex('/home/alice/vm7/vhost.sock')}${behind}`);
    expect(line).toBe(`${before}${hex(path)}${behind}`);
  }
  const message = 'iov_base="\\x06\\x00\\x2f\\x76\\x00\\x01"';
  expect(scrubber.line(message)).toBe(message);
});

test('what is no pointer stays: features, sizes, guest addresses, limits, nanoseconds', () => {
  const line =
    '24-11-28-12-34-56 vhost.c 1234.5678.9012 hostname=hostname@entry=0x0 features=0x0000000170000000, size=0x240000000, gpa 0x7ffff000, mask=0x7fffffffffff, NULL=0x0, time=123456789012345';
  expect(new Scrubber().line(line)).toBe(line);
});

/** Scrubs what a file or a pipe says. */
async function scrubText(text: string): Promise<{ text: string; cut: readonly number[] }> {
  const path = join(tempDir(), 'log.txt');
  writeFileSync(path, text);
  const lines: string[] = [];
  const { cut } = await runScrub({ path, words: [], emit: (line) => lines.push(line) });
  return { text: lines.join('\n'), cut };
}

const STACK = [
  '(gdb) bt',
  ...['ffe8', 'fff0', 'ffe8', 'fff0'].map(
    (end, level) =>
      `#${level}  0x000055555590${end} in vhost_virtqueue_set_addr (dev=0x5634aa11${end}, vq=0x7f12bb22${end}, idx=${level}, enable_log=true) at /home/alice/qemu/hw/virtio/vhost.c:78${level}`,
  ),
  'db-server1 was the host',
  'alice@db-server1:~$ exit',
];
const SECRETS = /alice|db-server1|5634aa|7f12bb|5555555590/;

test.each([70, 71, 72, 80, 81, 83, 84, 132])('a terminal of %i columns', async (columns) => {
  const cutLine = (line: string): string[] => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
  const wrapped = STACK.flatMap(cutLine);
  const whole = await scrubText(STACK.join('\n'));
  const scrubbed = await scrubText(wrapped.join('\n'));
  expect(scrubbed.cut).toEqual([]);
  expect(scrubbed.text.split('\n')).toHaveLength(wrapped.length);
  expect(scrubbed.text.replaceAll('\n', '')).toBe(whole.text.replaceAll('\n', ''));
  expect(scrubbed.text.replaceAll('\n', '')).not.toMatch(SECRETS);
});

test('mail in quoted-printable stays that', async () => {
  const soft = (line: string): string =>
    line.replaceAll('=', '=3D').replace(/.{72}(?<!=3?)(?=.)/g, '$&=\n');
  const mail = `Content-Transfer-Encoding: quoted-printable\n${STACK.map(soft).join('\n')}`;
  const whole = await scrubText(STACK.join('\n'));
  const scrubbed = await scrubText(mail);
  expect(scrubbed.text.split('\n')).toHaveLength(mail.split('\n').length);
  const decoded = scrubbed.text.replaceAll('=\n', '').replaceAll('=3D', '=');
  expect(decoded.slice(decoded.indexOf('\n') + 1)).toBe(whole.text);
});

test('a pointer that stays cut is told', async () => {
  const line = '#0  0x0000555555901fe8 in vhost_dev_start (hdev=0x5634';
  const { cut } = await scrubText(
    `${line}\naa11ffe8, vdev=0x0) at ../hw/virtio/vhost.c:1 and so on\n`,
  );
  expect(cut).toEqual([1]);
  const whole = '#0  0x0000555555901fe8 in vhost_dev_start (hdev=0x5634aa11ffe8';
  expect((await scrubText(`${whole}\n977\tx\n${whole}\n12 f\n`)).cut).toEqual([]);
});
