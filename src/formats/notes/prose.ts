/**
 * Tells a person's words from the output of a program, line by line.
 *
 * A person between two dumps makes their order unknown, so a doubtful line with words in it counts as
 * human: the mistake then costs a verdict. The other mistake would make a false one.
 */
import { EITHER, isPrinted, isProgramOutput } from './program-output.js';

/** True when the line, which no format claimed, reads like something that a person wrote. */
export function isHuman(line: string, nearOutput: boolean): boolean {
  const text = line.trim();
  if (TESTPMD_BORDER.test(line)) return false;
  if (hasOtherLetters(text) || MARK.test(text) || isRunLabel(text)) return true;
  if (isProgramOutput(text)) return false;
  const words = countWords(text, 3);
  if (words === 0) return false;
  // "  section pc.bios gpa 0xfffc0000" below a stop: a breakpoint's own printf
  if (nearOutput && /^[ \t]/.test(line) && !/^[A-Z][a-z]|[.!?]$/.test(text)) return false;
  if (isSentence(text, words)) return true;
  return ITEM.test(text) || isPlain(text);
}

// "=====", "-----", "***", "#####", "* * *": length says nothing, a text in it would. "```".
// "## Cancel", "# A heading"; "# echo 1 > /sys/x" is a command of root
// "1)", "(2)", "3.", "**second run**", "<b>second run</b>"
const MARK =
  /^(?:([=*~_+%-])\1{2,}$|#{3,}$|(?:[*_-] ){2,}[*_-]$|```|#{2,6}[ \t]+\S|# [A-Z][\w ,.'()-]*$|\(?\d{1,3}[.)]\)?$|(\*\*|__)(?! )[^*_]{1,80}\2$|<(b|i|strong|em|h[1-6])>[^<]{1,80}<\/\3>$)/;

/**
 * "Run #2", "=== run 2 ===", "[Attempt 3]", "# second try", "// 2nd run": who numbers runs, a person or a script, begins one. What
 * a guest counts has other names: iteration, pass, loop, test.
 */
const RUN_LABEL =
  /^[=*~_+%#/[<({-]{0,80}[ \t]{0,8}(?:(?:run|attempt|try|trial)[ -]?(?:no\. ?|#)?\d{1,3}|(?:second|third|fourth|fifth|\d{1,2}(?:st|nd|rd|th)) (?:run|attempt|try|trial))[ \t]{0,8}[=*~_+%#/\]>)}:.-]{0,80}$/i;

/** The line numbers a run of whatever is captured, and says nothing else. */
export function isRunLabel(text: string): boolean {
  return RUN_LABEL.test(text);
}

/** Below statistics. Source: DPDK app/test-pmd/testpmd.c fwd_stats_display(), config.c nic_stats_display(). */
const TESTPMD_BORDER = /^ {2}(?:-{76}|\+{76}|#{76})$/;

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

/** Words of a person from the first to the full stop, and no number as programs print them: no program tears off such a line. */
export function isWholeSentence(line: string): boolean {
  const text = line.trim();
  const isWhole = /^[A-Z][^@=\\]*[a-z)][.!?]$/.test(text) && !/0x[0-9a-f]|\d[.:]\d/.test(text);
  return isWhole && countWords(text, 4) === 4 && FUNCTION_WORD.test(text);
}

/**
 * A line that may say of which run the backtraces below are: few words between signs that set them off, a name with a number,
 * a date, a command that shows a file. Programs print such lines, too.
 */
export function isLabel(line: string): boolean {
  const text = line.trim();
  if (text.length > LONGEST_LABEL) return false;
  if (OTHER_LABEL.test(text) || BARE_LABEL.test(text)) return true;
  const core = text.replace(LABEL_START, '').replace(LABEL_END, '');
  return core !== text && /^[A-Za-z0-9][\w ,.:()'-]*$/.test(core) && /[A-Za-z]{2}/.test(core);
}

/** `// boot`, `/* boot *\/`: a comment of one line and nothing else. */
export function isComment(line: string): boolean {
  return /^(?:\/\/|\/\*.*\*\/$)/.test(line.trim());
}

const LONGEST_LABEL = 120;

// "// cancel"  "=== cancel ==="  "[cancel]"  "1) cancel"  "** Cancel"  "<cancel>"  "@@ cancel"
const LABEL_START =
  /^(?:\/\/+|\/\*+|#+|\*+|>+|=+>?|-+|~+|@+|\[|(?:<\w+>){1,2}|_+|\(?\d{1,3}[.):]|\(?[a-z][.)])[ \t]*/;
const LABEL_END = /[ \t]*(?:\*+\/|<?=+|-+|~+|\*+|\]|(?:<\/\w+>){1,2}|_+|#+)$/;

// "[1]"  "2:"  "`vhost_dev_start`"  "--> stop"  "→ stop"
const BARE_LABEL =
  /^(?:\[\d{1,3}\]|\d{1,3}:|`[^`]{1,80}`|(?:[-=]{1,2}>|[\u2192\u21d2\u25b6])[ \t]*\w.{0,80})$/;

// "CANCEL", "SECOND RUN"  "step1", "Q1"  "2024-05-06 10:00"  "[root@h1 ~]# cat boot.txt"  "$ cat boot.txt"
const OTHER_LABEL =
  /^(?:[A-Z][A-Z0-9 -]{1,40}|<[A-Za-z][\w -]{1,40}>|[A-Za-z]{1,16}[ -]?#?\d{1,4}[.:]?|\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?|\[?[\w.-]{1,64}@[\w.-]{1,64}[^#$%]{0,80}[#$%] \S.*|[$%] \S.*)$/;

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
