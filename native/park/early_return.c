/*
 * Ends the freeing of Python's memory before it begins: half of what a forked Python does is to write to
 * pages that it shares with its template, each of which is copied for it, only to be thrown away.
 *
 * Py_FinalizeEx() waits for threads, runs what is registered for the exit, flushes, and destroys the
 * program's objects, module by module. Only then it takes down the interpreter, beginning with the dict
 * of PyInterpreterState_GetDict(): a capsule in there has the last word. Its destructor makes
 * Py_FinalizeEx() return 0 to whoever called it, who then exits as ever, with the status that only he
 * knows. The registers that a return gives back are found as for an exception of C++.
 *
 * Where anything is not as expected, nothing is done, and memory is freed as always.
 */
#include "park.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <unwind.h>

#if defined(__x86_64__)

/* What a function leaves to its caller, by the numbers that the System V ABI for AMD64 gives in DWARF. */
enum { RBX = 3, RBP = 6, R12 = 12, R13 = 13, R14 = 14, R15 = 15 };

struct caller {
    const void *function; /* whose caller is looked for */
    bool is_next;
    uintptr_t address; /* to return to; 0: not found */
    uintptr_t stack;
    uintptr_t rbx, rbp, r12, r13, r14, r15;
};

/* Since Python 3.13 Py_FinalizeEx() only calls another one, or jumps to it, as Py_RunMain() does too. */
static bool is_passed_on_to(const void *function, const void *other) {
    const unsigned char *code = function;
    for (int at = 0; at < 32; at++) {
        int32_t distance; /* of a call or jump, from the instruction behind it */
        memcpy(&distance, code + at + 1, sizeof distance);
        if ((code[at] == 0xe8 || code[at] == 0xe9) && code + at + 5 + distance == other)
            return true;
    }
    return false;
}

static _Unwind_Reason_Code look_at_frame(struct _Unwind_Context *frame, void *argument) {
    struct caller *caller = argument;
    if (!caller->is_next) {
        void *inside = (char *)_Unwind_GetIP(frame) - 1; /* in the call, not behind it */
        const void *function = _Unwind_FindEnclosingFunction(inside);
        caller->is_next =
            function == caller->function || is_passed_on_to(caller->function, function);
        return _URC_NO_REASON;
    }
    caller->address = _Unwind_GetIP(frame);
    caller->stack = _Unwind_GetCFA(frame);
    caller->rbx = _Unwind_GetGR(frame, RBX);
    caller->rbp = _Unwind_GetGR(frame, RBP);
    caller->r12 = _Unwind_GetGR(frame, R12);
    caller->r13 = _Unwind_GetGR(frame, R13);
    caller->r14 = _Unwind_GetGR(frame, R14);
    caller->r15 = _Unwind_GetGR(frame, R15);
    return _URC_END_OF_STACK;
}

/* With a shadow stack the processor would take the return for an attack. */
static bool has_shadow_stack(void) {
    uintptr_t pointer = 0;
    __asm__("rdsspq %0" : "+r"(pointer)); /* does nothing where there is none */
    return pointer != 0;
}

__attribute__((noreturn)) static void return_zero_to(const struct caller *caller) {
    __asm__ volatile(
        "movq %c[rbx](%[caller]), %%rbx\n\t"
        "movq %c[rbp](%[caller]), %%rbp\n\t"
        "movq %c[r12](%[caller]), %%r12\n\t"
        "movq %c[r13](%[caller]), %%r13\n\t"
        "movq %c[r14](%[caller]), %%r14\n\t"
        "movq %c[r15](%[caller]), %%r15\n\t"
        "movq %c[stack](%[caller]), %%rsp\n\t"
        "xorl %%eax, %%eax\n\t"
        "jmpq *%c[address](%[caller])"
        :
        : [caller] "c"(caller), [rbx] "i"(offsetof(struct caller, rbx)),
          [rbp] "i"(offsetof(struct caller, rbp)), [r12] "i"(offsetof(struct caller, r12)),
          [r13] "i"(offsetof(struct caller, r13)), [r14] "i"(offsetof(struct caller, r14)),
          [r15] "i"(offsetof(struct caller, r15)), [stack] "i"(offsetof(struct caller, stack)),
          [address] "i"(offsetof(struct caller, address))
        : "memory");
    __builtin_unreachable();
}

void return_early_from(const char *function) {
    static struct caller caller; /* not on the stack that is left */
    caller.function = dlsym(RTLD_DEFAULT, function);
    if (!caller.function || has_shadow_stack())
        return;
    _Unwind_Backtrace(look_at_frame, &caller);
    if (caller.address)
        return_zero_to(&caller);
}

#else

void return_early_from(const char *function) {
    (void)function;
}

#endif
