/**
 * Names of functions as gdb prints them. A C++ function has its parameter list where a frame filter prints the backtrace
 * (gdb/python/lib/gdb/FrameDecorator.py, function()), `ns::f(vq*, bool) (d=0x5555)`, and none in stops and in backtraces
 * without filters (gdb/stack.c, find_frame_funname(), cp_remove_params()).
 */

/** What may stand behind the list: `S::get(int) const &`, `f(int) [clone .part.0]`. */
const LIST_END = /\)(?: const| volatile| &&?| noexcept)*(?: \[clone [^\]]*\])*$/;

/** `ns::f(vq*, bool)` → `ns::f`; a name without parameter list as it is. */
export function withoutParameters(func: string): string {
  if (!func.includes('(')) return func;
  const end = func.search(LIST_END);
  let depth = 0;
  for (let i = end; i > 0; i--) {
    if (func[i] === ')') depth++;
    else if (func[i] === '(' && --depth === 0) {
      const name = func.slice(0, i);
      // The brackets are the operator.
      return name.endsWith('operator') ? func : name;
    }
  }
  return func;
}

/** Whether the names may be of one function: one of them may lack the parameter list of the other. */
export function isSameFunction(one: string, other: string): boolean {
  return one === other || one === withoutParameters(other) || other === withoutParameters(one);
}
