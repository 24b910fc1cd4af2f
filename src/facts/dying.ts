/**
 * How a process ends itself.
 *
 * Source: glibc (stdlib/abort.c, assert/assert.c, debug/fortify_fail.c), Bionic and Darwin (their assertions), GLib (glib/gtestutils.c, gmessages.c).
 */
import { plainName } from './functions.js';
import type { Step } from './step.js';

/** Whoever calls one of these does not go on. */
const ENDS =
  /^(?:(?:__GI_)?abort|(?:__GI_)?__assert_(?:fail(?:_base)?|perror_fail|rtn)(?:\.cold)?|__assert2|g_assertion_message(?:_\w+)?|_g_log_abort|__(?:stack_chk|chk|fortify)_fail)$/;

/** They stand inside abort() only where the process sends SIGABRT to itself: QEMU wakes its vCPU threads by pthread_kill() too. */
const RAISES = /^(?:(?:__GI_)?raise|gsignal)$/;

/** True of a function that does not return, for the whole process. */
export function endsProcess(func: string): boolean {
  return ENDS.test(plainName(func));
}

/** What ends the process at this step: the function that its stack shows, or the signal; undefined where it lives on. */
export function deathAt({ frames, deadly }: Pick<Step, 'frames' | 'deadly'>): string | undefined {
  const end = frames.findLast(({ func }) => endsProcess(func) || RAISES.test(func));
  return end === undefined ? deadly : `${end.func}()`;
}
