/**
 * Places that show what is a name: a prompt, an option, a field of a log.
 *
 * Each pattern has two groups: what stands before the name, and the name. They see a line whose addresses are
 * pseudonyms by then.
 */

/** What stands in such a place; a secret is never kept, not even for the owner's map. */
export type PlaceKind = 'host' | 'user' | 'VM' | 'word' | 'secret';

export interface NamePlace {
  readonly kind: PlaceKind;
  readonly pattern: RegExp;
}

const USER = '[a-zA-Z_][\\w.-]*';
const HOST =
  '[a-zA-Z][\\w.-]*|\\d[\\d-]*[a-zA-Z][\\w.-]*|\\d+(?:\\.\\d+){3}|\\[?2001:db8::[\\da-f]+\\]?';

/** USER@HOST; what stands before, the user and the host are groups. */
export const PERSON_PLACES: readonly RegExp[] = [
  /(?<![\w@.])()([\w.+-]+)@([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?![\w=@])/g,
  // Of a prompt; gdb writes `s=s@entry=0x0`.
  new RegExp(`(^|\\[|\\s)(${USER})@(?!entry\\b)(${HOST})(?=[: ][^=]*[$#%])`, 'g'),
  new RegExp(`\\b((?:ssh|scp|sftp|rsync)\\s+(?:-\\S+\\s+(?:\\d+\\s+)?)*)(${USER})@(${HOST})`, 'g'),
  // "bob@db-prod-18:/tmp/x"
  new RegExp(`(?<![\\w.@])()(${USER})@(${HOST})(?=:[/~])`, 'g'),
];

/** `://bob:PASSWORD@host` */
export const URL_PASSWORD: NamePlace = {
  kind: 'secret',
  pattern: /(:\/\/[\w.+-]{1,64}[:%])([^@\s/:'"]{1,256})(?=@)/g,
};

/** Of "qemu+ssh://bob@db-prod-18/system", first the user. */
export const URL_PLACES: readonly NamePlace[] = [
  {
    kind: 'user',
    pattern: new RegExp(`(:\\/\\/)(${USER})(?=(?:[:%][^@\\s/]{1,256})?@)`, 'g'),
  },
  {
    kind: 'host',
    pattern: /(:\/\/(?:[^@\s/"']{1,256}@)?)([\w.-]+\.[a-z]{2,}|[a-z][\w-]*)(?=[:/?,\s>"']|$)/gi,
  },
];
/** A path from the folder of a build up to the root. */
export const HOME_ABOVE: NamePlace = { kind: 'user', pattern: /(\.\.\/home\/)([\w.-]+)/g };

const MONTH_STAMP = '[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?';
const ISO_STAMP = '\\d{4}-\\d\\d-\\d\\d[T ][\\d:.]{8,18}(?:Z| ?[+-]\\d\\d:?\\d\\d| [A-Z]{3,5})?';
/** Seconds since 1970 or since the boot; the kernel's own lines have these, too. */
const OTHER_STAMP = '\\d{10}\\.\\d{6}|\\[ {0,6}\\d{1,9}\\.\\d{6}\\]';
const NUMBERED_WRITER = '[\\w./@\\\\-]{1,128}\\[\\d+\\]:';
/** Those that may come without a number; in logs of CI any word may stand there. */
const KNOWN_WRITER = '(?:kernel|qemu|kvm|libvirt|virt|systemd)[\\w.-]{0,64}:';
const LEVEL =
  '(?:trace|debug|info|notice|warn|warning|error|err|fatal|critical|TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL)\\b';

function syslogHost(stamp: string, writer: string): RegExp {
  return new RegExp(
    `^([>|\\s]*(?:<\\d{1,3}>(?:1 )?)?(?:[A-Z][a-z]{2} )?(?:${stamp}) )(?!${LEVEL})([A-Za-z\\d][A-Za-z\\d.-]*)(?= (?:${writer}))`,
    'g',
  );
}

/** What stands in the place is learned, too: so it must be one beyond doubt. */
export const NAME_PLACES: readonly NamePlace[] = [
  // "\\server\share" of Windows; within the quotes of a string each sign is doubled, and one alone begins an escape
  {
    kind: 'host',
    pattern:
      /((?<=^|[\s=(<'])\\\\)((?!\d+\\)[a-z\d][\w.-]{2,254})(?=\\[a-z][\w$-]{2,80}(?:[\\\s>,)']|$))/gi,
  },
  { kind: 'host', pattern: /((?<![\w\\.:])\\{4})((?!\d+\\)[a-z\d][\w.-]{2,254})(?=\\\\[\w$])/gi },
  // "From: Jane Doe <jane@example.org>, Joe Bloggs <joe@...": the names of mail and of its trailers
  {
    kind: 'user',
    pattern:
      /^([>|\s]*(?:from|to|cc|sender|reply-to|(?:signed-off|reviewed|reported|tested|acked)-by): "?)([^"<>@\s][^"<>@]{1,80}?)(?="? {1,4}<[^<>\s]{1,128}@)/gi,
  },
  { kind: 'user', pattern: /(>, {1,4}"?)([^"<>@,\s][^"<>@,]{1,80}?)(?="? {1,4}<[^<>\s]{1,128}@)/g },
  // "On Mon, Nov 23, 2026 at 10:00, Jane Doe <jane@example.org> wrote:"
  {
    kind: 'user',
    pattern:
      /^([>|\s]*On [^<>@]{1,60}(?:,|[AP]M|\d\d:\d\d) )([^"<>@,\d\s][^"<>@,\d]{1,80}?)(?= {1,4}<[^<>\s]{1,128}@)/g,
  },
  // "tcp:dst:4444" of migrate and -incoming
  {
    kind: 'host',
    pattern: /\b((?:tcp|udp|rdma|nbd|vnc|spice):)((?!0x)(?:\d[\d-]*)?[a-z][\w.-]*)(?=:\d)/gi,
  },
  // of QMP, and of "-chardev socket,host=dst"
  {
    kind: 'host',
    pattern: /("host"\s*:\s*"|,host=)((?!0x)(?:\d[\d-]*)?[a-z][\w.-]*)(?=[",'\s]|$)/gi,
  },
  // of the line that libvirt begins a guest's log with, of its cookies, of logs by fields and of the journal
  {
    kind: 'host',
    pattern:
      /(, hostname: |"_?(?:hostname|nodename)"\s*:\s*"|(?:\b|_)hostname=["']?|<hostname>)(?!(?:null|none|name)\b)((?!0x)(?:\d[\d-]*)?[a-z][\w.-]*)(?=[\s,"'<]|$)/gi,
  },
  // "      Hostname: n27.pool.example.org" of coredumpctl, "Static hostname: n27" of hostnamectl
  {
    kind: 'host',
    pattern:
      /^([>|\s]*(?:(?:static|transient|pretty) )?hostname: +)((?!0x)(?:\d[\d-]*)?[a-z][\w.-]*)(?=\s*$)/gi,
  },
  // `host = 0x5581a0 "dst"` of gdb, `nodename="dst"` of strace
  {
    kind: 'host',
    pattern:
      /((?<![a-zA-Z\d])(?:host|hostname|host_name|nodename)(?:@entry)?\s?=\s?(?:\w{1,64}@entry=)?(?:0x[\da-f]+ )?")((?!0x)(?:\d[\d-]*)?[a-z][\w.-]*)(?=")/gi,
  },
  // "Linux db-prod-17 6.12.107-amd64 #1 SMP" of uname -a
  { kind: 'host', pattern: /\b(Linux )((?:\d[\d-]*)?[a-zA-Z][\w.-]*)(?= \d+\.\d+[\w.+~-]* #\d)/g },
  // syslog, in the files of its daemon and in each of the journal's short forms
  { kind: 'host', pattern: syslogHost(MONTH_STAMP, '[\\w./-]+(?:\\[\\d+\\])?:') },
  { kind: 'host', pattern: syslogHost(ISO_STAMP, `${NUMBERED_WRITER}|${KNOWN_WRITER}`) },
  { kind: 'host', pattern: syslogHost(OTHER_STAMP, NUMBERED_WRITER) },
  // of tap devices; the names that libvirt gives them say nothing
  {
    kind: 'word',
    pattern: /\b(ifname=)(?!(?:tap|vnet|macvtap|eth|virbr|br)\d*\b(?!-))([a-z][\w.-]*)/gi,
  },
  // of disks and of SMBIOS
  { kind: 'word', pattern: /(,serial=|"serial"\s*:\s*")([\w.-]+)/g },
  {
    kind: 'user',
    pattern: /(\b[A-Z]:(?:\\{1,2}|\/)Users(?:\\{1,2}|\/))([^\\/\s"'<>|:;,]+)/gi,
  },
  { kind: 'user', pattern: /\b((?:USER|LOGNAME|SUDO_USER|COREDUMP_USERNAME)=)([^\s"',;]+)/g },
  // "Owner UID: 1000 (alice)" of coredumpctl
  { kind: 'user', pattern: /^(\s*(?:Owner UID|UID|GID): \d+ \()([a-z_][\w.-]*)(?=\)\s*$)/g },
  {
    kind: 'VM',
    pattern: /((?:^|\s)["']?-name["']?[ =,]\s*["']?(?:guest=)?|\bguest=)([^\s,"'=]+)(?![=\w])/g,
  },
  // of libvirt's XML, also where gdb prints it
  { kind: 'VM', pattern: /(<name>)([^<>\s"'\\]{1,128})(?=<\/name>)/g },
  // "Domain 'payroll' started" of virsh, "internal error: domain 'payroll'" of libvirtd
  { kind: 'VM', pattern: /\b(domain ')([^'\s]{1,128})(?=')/gi },
  // " 3    payroll   running" of virsh list
  {
    kind: 'VM',
    pattern:
      /^(\s*(?:\d{1,7}|-)\s{2,16})([^\s]{1,128})(?=\s{2,128}(?:running|idle|paused|in shutdown|shut off|crashed|pmsuspended)\s*$)/g,
  },
];

/** The scope that systemd-machined makes for a guest, with its dashes escaped: `machine-qemu\x2d3\x2dpay\x2ddb.scope`. */
export const MACHINE_SCOPE =
  /(machine-(?:qemu|lxc)\\x2d\d{1,9}\\x2d)((?:\w|\\x[\da-f]{2}|[.:])+?)(?=\.scope)/g;

/** No pointer or switch, and not what gdb calls a value; `,,` is a comma in it. */
const OPTION_VALUE =
  '((?!0x|<|\\w{1,64}@entry|(?:on|off|null|NULL)\\b)(?:[^\\s,"\'\\\\]|,,|\\\\[^"n])+)';

/** Words of authentication. */
export const SECRET_PLACES: readonly NamePlace[] = [
  // of -spice, of a disk behind iSCSI or curl, of an environment
  {
    kind: 'secret',
    pattern: new RegExp(
      `((?<![a-zA-Z])(?:password|passwd)=|\\b[A-Z\\d_]{0,64}(?:PASSWORD|PASSWD|TOKEN|SECRET|API_KEY)=)${OPTION_VALUE}`,
      'g',
    ),
  },
  // `"password": "..."` of QMP, `password=0x5581a0 "..."` of gdb
  {
    kind: 'secret',
    pattern:
      /("(?:password|passwd)"\s*:\s*"|\b(?:password|passwd)(?:@entry)?\s?=\s?(?:\w{1,64}@entry=)?(?:0x[\da-f]+ )?["'])([^"']+)(?=["'])/g,
  },
  // of the monitor
  { kind: 'secret', pattern: /(\bset_password (?:vnc|spice) |\bchange vnc password )(\S+)/g },
  // of GitHub and GitLab
  { kind: 'secret', pattern: /\b()((?:gh[pousr]_|github_pat_|glpat-)[\w-]{20,256})/g },
];

/** In a line that speaks of a secret: `-object secret,id=s0,data=...`, `{"qom-type":"secret","data":"..."}`. */
export const SECRET_DATA: NamePlace = {
  kind: 'secret',
  pattern: new RegExp(`(,data=|"data"\\s*:\\s*")${OPTION_VALUE}`, 'g'),
};
/** In a line that speaks of a RADOS block device: `rbd:pool/vol:id=admin:key=...`. */
export const RBD_KEY: NamePlace = { kind: 'secret', pattern: /(:key=)((?:[^\s:,"'\\]|\\.)+)/g };
