/**
 * Tells a person's words from the output of a program, line by line.
 *
 * A person between two dumps makes their order unknown, so a doubtful line with words in it counts as
 * human: the mistake then costs a verdict. The other mistake would make a false one.
 */
import { anyOf } from '../../base/any-of.js';

/** True when the line, which no format claimed, reads like something that a person wrote. */
export function isHuman(line: string, nearOutput: boolean): boolean {
  const text = line.trim();
  if (hasOtherLetters(text) || MARK.test(text)) return true;
  if (isProgramOutput(text)) return false;
  const words = countWords(text, 3);
  if (words === 0) return false;
  // "  section pc.bios gpa 0xfffc0000" below a stop: a breakpoint's own printf
  if (nearOutput && /^[ \t]/.test(line) && !/^[A-Z][a-z]|[.!?]$/.test(text)) return false;
  if (isSentence(text, words)) return true;
  return ITEM.test(text) || isPlain(text);
}

// "=====", "-----", "*****": length says nothing, a text in it would. "```".
// "## Cancel", "# A heading"; "# echo 1 > /sys/x" is a command of root
const MARK = /^(?:([=*~_-])\1{4,}$|```|#{2,6}[ \t]+\S|# [A-Z][\w ,.'()-]*$)/;

const ITEM = /^(?:[-*•·+]|\d+[.)])[ \t]+\S/;

/** No more than `most`. */
function countWords(text: string, most: number): number {
  let words = 0;
  WORD.lastIndex = 0;
  while (words < most && WORD.test(text)) words++;
  return words;
}

const WORD = /(?<![\w/.@#-])[A-Za-z][a-z']*(?![\w/@#(=-])/g;

/**
 * True when a person lists such lines and a program prints them: a name with brackets, options, a name
 * with its meaning, an item of a list. Such a line takes after what stands above it.
 */
export function isEither(line: string): boolean {
  const text = line.trim();
  if (text.length > 2048) return false;
  if (EITHER.test(text)) return true;
  // "sgs[1] : response header", "2. u64 log_addr; ---> VHOST_SET_VRING_ADDR"
  return (
    /^(?:[A-Za-z_][\w.[\]>-]* ?: [A-Za-z]|[-*+][ \t]+\S|[-=]{1,8}>[ \t]+\S|\d{1,3}[.)][ \t]+\S)/.test(
      text,
    ) && !isProgramOutput(text)
  );
}

/** Letters of any other alphabet are a person's; micro and Greek letters are units and formulas. */
export function hasOtherLetters(text: string): boolean {
  // Nearly every line is shown to have none by this test alone.
  if (!/[^\0-\xff]/.test(text)) return false;
  return /(?![\p{Script=Latin}\p{Script=Greek}\u00aa\u00b5\u00ba])\p{L}/u.test(text);
}

/** "```", "```c": a border of a block in Markdown. */
export function isFence(text: string): boolean {
  return text.trimStart().startsWith('```');
}

const FUNCTION_WORD =
  /\b(?:the|this|that|these|those|is|are|was|were|be|been|we|you|they|it|its|I|I'm|here|there|now|then|but|because|so|when|while|which|what|why|how|who|should|would|could|can|will|must|does|do|did|not|don't|doesn't|isn't|let|see|my|our|your|has|have|had|if|same|again|also|only|just|first|second|after|before|next|and|or|with|without|of|to|for|from|in|on|by|at|a|an)\b/i;

function isSentence(text: string, words: number): boolean {
  if (words >= 3 && FUNCTION_WORD.test(text)) return true;
  return words >= 2 && /[.!?:,]$/.test(text) && !text.endsWith('...');
}

// "second run", "after the reset", "Destination": words and little else
function isPlain(text: string): boolean {
  if (/[^A-Za-z0-9\s.,:;!?'"()-]/.test(text) || text.endsWith('...')) return false;
  const most = Math.ceil(countParts(text) / 2);
  return countWords(text, most) === most;
}

/** Into how many parts blanks divide a text of letters, digits and marks. */
function countParts(text: string): number {
  let parts = 1;
  for (let at = 1; at < text.length; at++) {
    if (!isPrinted(text.charCodeAt(at)) && isPrinted(text.charCodeAt(at - 1))) parts++;
  }
  return parts;
}

// No text may match a part in two ways: a line made for it would then take time without bounds.
const PROGRAM_START = anyOf([
  // [   77.027592] Call Trace:      [2026-11-22T03:27:38Z INFO  x]      [pid 12]      [0] vhost_worker
  /^\[[ \d.T:Z-]+[\]A-Z ]|^\[(?:pid|PID) /,
  // 2025-11-22T03:27:38  2025/11/22 03:27  00:18:17.716  Nov 22 03:00:00 host  1795320809.223469
  /^\d{4}[-/]\d\d[-/]\d\d[T ]|^\d\d:\d\d:\d\d\b|^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |^\d+\.\d{3,}[: ]/,
  // ** (x:1816): CRITICAL
  /^\*\* \(/,
  // QEMU's own on standard error, between trace events; qemu-trace-stap -v
  /^(?:char device redirected to |VNC server running on |QEMU waiting for connection on: |Running script, <Ctrl>-c to quit$)/,
  // {"return": {}}   "key": value   ^done,...  ~"text"  =thread-created   *stopped   &"..."   12^done
  /^[{}[\]]|^"[^"]*"[ \t]*:|^\d*[~@&]"|^\d*[\^*=+][a-z-]+(?:,|$)/,
  // code
  /^(?:\/\*|\*\/|\*[ \t]|\/\/|#(?:include|define|if|ifdef|ifndef|else|endif|pragma)\b|@@|\+\+\+|diff --git|index [0-9a-f]+\.\.)/,
  /^(?:static|struct|union|enum|typedef|const|void|int|bool|unsigned|uint\d+_t|return|goto|switch|case|extern|inline)\b.*[({;,]/,
  // $ x   # echo 1 > y   % x
  /^[#$%>] \S|^(?:crash|mysql|\(lldb\)|\(qemu\)|\(hmp\)|virsh)(?:>|\)| #)? /,
  // ftrace:  3) + 1.2 us | f();
  /^\d+\)[ +!#*@$]|^# (?:tracer|entries|_+|TASK|\|)/,
  // frames that lost their #, other stacks, addresses
  /^[*>]? ?\d*[ \t]*0x[0-9a-fA-F]{4,}|^\d+[ \t]+\S+ \(.*\) (?:at|from) \S+$|^[0-9a-fA-F]{8,}[: ]|^\? \w+\+0x|^<\/?[A-Z]{3,}>|^Call Trace:$|^R(?:IP|SP|AX|BX|CX|DX|SI|DI|BP|\d+): /,
  // qemu's command line and other options; paths
  /^--?[a-z][\w-]*(?:[ =]|$)|^\/[\w.+/-]+$/,
  // consoles: SeaBIOS, GRUB, Linux, systemd
  /^(?:SeaBIOS|iPXE|Booting|GRUB|Welcome to|Decompressing|Loading |Press |Escape character|Uncompressing|EFI stub|BdsDxe|UEFI|Machine UUID|early console|login:|Last login|Debian|Ubuntu|Fedora|CentOS|Kernel panic|Run \/)|^\[? *(?:OK|FAILED|DEPEND) *\]/,
]);

// 04:02 <... ioctl resumed>     ftrace, kprobe, perf:  qemu-123 [003] d..1. 123.456: x     code
const PROGRAM_WITHIN =
  /<unfinished \.\.\.>|<\.\.\. \w+ resumed>|\[\d{3}\] (?:[^ ]* +\d+|[^ ]*\d)\.\d+: |[;{}\\]$/;

// No sentences; a program prints them, and a person lists them.
const EITHER = anyOf([
  // f()   f(x);
  /^[A-Za-z_]\w*(?:::\w+)*\([^()]*\)[;,]?$/,
  // key=value
  /^(?:[\w.-]+=\S+(?:[ \t][ \t,]*|$))+$/,
]);

// What begins with a word of any kind: for most lines one of these signs shows that it is in vain to go over that word.
const SIGN = /[=:@+[(]/;

const PROGRAM_SIGNED = anyOf([
  // qemu-system-x86_64: failed to ...   /usr/bin/x: y   libvirtd: z   VHOST_CONFIG: (...)
  /^(?:\S*[/\\])?(?:qemu|kvm|libvirt|virt|vhost|dpdk|spdk|gdb|ld|ld-linux|bash|sh|sudo|make|gcc|cc|perf|strace|systemd|kernel|virsh|QEMU|SeaBIOS|iPXE|Linux|cloud-hypervisor)[\w.+-]*(?:\[\d+\])?:[ \t]/,
  /^[A-Z][A-Z0-9]*_[A-Z0-9_]+: /,
  // code: sets, calls
  /^[\w.>[\]()*&-]+ (?:=|\+=|\|=|&=|-=|==|!=) ?\S/,
  // root@host:~# x   [root@host ~]$ x
  /^\[?[\w.-]+@[\w.-]+[^#$%]{0,80}[#$%>] \S/,
  // strace:  1234  03:27:38.1 ioctl(3, VHOST_SET_OWNER, 0) = 0
  /^(?:\d+ +)?(?:[\d:.]+ )?\w+\(.*\)[ \t]+= /,
  // perf; a frame of the kernel
  /^[-\w/]+ +\d+ +\[\d+\]|^\w+\+0x[0-9a-f]+\/0x[0-9a-f]+/,
  EITHER,
  // assignments only
  /^\S[^\s=]*=\S+(?: \S[^\s=]*=\S+)*$/,
]);

/** True when the line, blanks around it cut, looks like a program's: stamped, signed, code, signs rather than words. */
export function isProgramOutput(text: string): boolean {
  const bounded = text.length > 2048 ? text.slice(0, 2048) : text;
  if (PROGRAM_START.test(bounded) || PROGRAM_WITHIN.test(bounded)) return true;
  if (SIGN.test(bounded) && PROGRAM_SIGNED.test(bounded)) return true;
  // dev->log=0x5555 dev->log_size=28672: more signs than letters
  return !isHalfLetters(bounded);
}

/** Letters of English, and blanks. */
function isHalfLetters(text: string): boolean {
  const half = text.length / 2;
  let count = 0;
  for (let at = 0; at < text.length && count < half; at++) {
    const code = text.charCodeAt(at);
    // 32 makes a small letter of a capital.
    const isLetter = (code | 32) >= SMALL_A && (code | 32) <= SMALL_Z;
    if (isLetter || code === BLANK || (!isPrinted(code) && /\s/.test(text.charAt(at)))) count++;
  }
  return count >= half;
}

const [BLANK, SMALL_A, SMALL_Z, TILDE] = [32, 97, 122, 126];

/** Of ASCII; the blank is none. */
function isPrinted(code: number): boolean {
  return code > BLANK && code <= TILDE;
}
