/** What gdb commands typed at a prompt do to what is seen afterwards. Source: gdb/infcmd.c, gdb/breakpoint.c. */

/** The inferior runs: the next stop is another moment. */
export const RESUMES =
  /^(?:c|cont|continue|fg|r|run|start|s|step|si|stepi|n|next|ni|nexti|u|until|advance|fin|finish|j|jump|signal|detach|kill|k|attach)\b/;

/** A call is ended, or a value changed, by the debugger: evidence of the entry and not of the effect. */
export function alters(command: string): boolean {
  return ALTERS.some((pattern) => pattern.test(command));
}

const ALTERS: readonly RegExp[] = [
  /^(?:return|call|jump|j|signal|kill|k|compile)\b/,
  // "set var x = 1"   "set dev->log_enabled = 0"   "set {int}0x5555 = 1", but not "set width 0"
  /^set\s+var(?:iable)?\b|^set\s+(?!\$)[^\s=]\S*\s*[-+*/|&^]?=(?!=)/,
  // A register; "set $n = $n + 1" only counts.
  /^(?:set(?:\s+var(?:iable)?)?|p|print)\s+\$(?:pc|sp|fp|lr|[re]?(?:[abcd]x|[sd]i|[bs]p|ip|flags)|[abcd][lh]|[rxwvq]\d+[dwb]?|[xyz]mm\d+|st\d)\s*[-+]?=(?!=)/,
  // "p x = 5", "p x++"; "p $n = 1" and "p a == b" change nothing
  /^(?:p|print|inspect|output)(?:\/\w+)?\s+(?!\$\w+\s*=)[^=]*[^=!<>]=(?![=])/,
  /^(?:p|print|inspect|output)(?:\/\w+)?\s.*(?:\+\+|\w--\s*$)/,
  // "p vhost_dev_stop(dev)" runs the function
  /^(?:p|print|inspect|output|printf|echo|eval)(?:\/\w+)?\s(?:.*[^\w$])?(?!(?:sizeof|alignof|_Alignof|typeof|__typeof__|decltype)\b)[A-Za-z_]\w*\(/,
];

/** Breakpoints are switched off or made to skip. */
export const NARROWS =
  /^(?:delete|d|del|disable|dis|clear|cl|condition|cond|ignore|enable\s+(?:once|count|delete))\b(?!\s+display)/;

/** `break F if X`: only some calls of F are reported. */
export const BREAKS_IF = /^(?:b|br|bre|brea|break|hb|hbreak)\s+(\S+)\s+(?:.*\s)?if\b/;

/** Another thread is looked at: what is shown is not what stopped. */
export const SELECTS = /^(?:t|thread)\s+[\d.]+\s*$/;

/** A backtrace is asked for. */
export const SHOWS_STACK = /^(?:bt|backtrace|where|i(?:nfo)?\s+s(?:tack)?)\b/;
