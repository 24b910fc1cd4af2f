/** What gdb commands typed at a prompt do to what is seen afterwards. Source: gdb/infcmd.c, gdb/breakpoint.c. */

/** The inferior runs: the next stop is another moment. */
export const RESUMES =
  /^(?:c|cont|continue|fg|r|run|start|s|step|si|stepi|n|next|ni|nexti|u|until|advance|fin|finish|j|jump|signal|detach|kill|k|attach)\b/;

/** A call is ended, or a value changed, by the debugger: evidence of the entry and not of the effect. */
export const ALTERS =
  /^(?:return|call|jump|j|set\s+(?:var|variable)\b|set\s+\$|(?:p|print)\s[^=]*[^=!<>]=[^=]|signal\b)/;

/** Breakpoints are switched off or made to skip. */
export const NARROWS =
  /^(?:delete|d|del|disable|dis|clear|cl|condition|cond|ignore|enable\s+(?:once|count|delete))\b(?!\s+display)/;

/** `break F if X`: only some calls of F are reported. */
export const BREAKS_IF = /^(?:b|br|bre|brea|break|hb|hbreak)\s+(\S+)\s+(?:.*\s)?if\b/;

/** Another thread is looked at: what is shown is not what stopped. */
export const SELECTS = /^(?:t|thread)\s+[\d.]+\s*$/;

/** A backtrace is asked for. */
export const SHOWS_STACK = /^(?:bt|backtrace|where|i(?:nfo)?\s+s(?:tack)?)\b/;
