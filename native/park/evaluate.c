/*
 * The prelude: text in the program's own language, run at the point by the program's own evaluator.
 *
 * A runtime lets go of its lock around a system call, and the point is inside of one: the lock is taken
 * again for the time of the prelude. All that is used is the runtime's public interface for embedding.
 */
#include "park.h"

#include <dlfcn.h>
#include <string.h>

/* dlsym() gives objects, and C has no cast from those to functions but this one. */
#define FIND(pointer, name) (*(void **)&(pointer) = dlsym(RTLD_DEFAULT, name))

/* The prelude has said that nothing is left to be done once the interpreter's own dict is freed. */
static bool may_end_early;

static void *allow_early_end(void *self, void *arguments) {
    (void)self;
    (void)arguments;
    may_end_early = true;
    void *(*number)(long);
    return FIND(number, "PyLong_FromLong") ? number(0) : NULL;
}

static void end_early(void *capsule) {
    (void)capsule;
    if (may_end_early)
        return_early_from("Py_FinalizeEx");
}

/* Where not even the program's own objects need to be freed. It comes back where it can't. */
static void *end_now(void *self, void *arguments) {
    return_early_from("Py_FinalizeEx");
    return allow_early_end(self, arguments);
}

/* PyMethodDefs of the stable ABI. */
static struct {
    const char *name;
    void *(*function)(void *self, void *arguments);
    int flags;
    const char *doc;
} early_end_method = {"_end_early", allow_early_end, 4 /* METH_NOARGS */, NULL},
  end_now_method = {"_end_now", end_now, 4 /* METH_NOARGS */, NULL};

/*
 * The globals of the prelude: a module of its own with the function `_end_early`, see early_return.c.
 * NULL if this Python has not what that needs.
 */
static void *new_globals(void) {
    void *(*state)(void), *(*state_dict)(void *), *(*new_dict)(void), *(*builtins)(void);
    void *(*new_text)(const char *);
    void *(*new_capsule)(void *, const char *, void (*)(void *));
    void *(*new_function)(void *, void *, void *);
    int (*set)(void *, const char *, void *);
    if (!FIND(state, "PyInterpreterState_Get") || !FIND(state_dict, "PyInterpreterState_GetDict") ||
        !FIND(new_dict, "PyDict_New") || !FIND(builtins, "PyEval_GetBuiltins") ||
        !FIND(new_text, "PyUnicode_FromString") || !FIND(new_capsule, "PyCapsule_New") ||
        !FIND(new_function, "PyCFunction_NewEx") || !FIND(set, "PyDict_SetItemString"))
        return NULL;
    void (*release)(void *);
    void *last = state_dict(state()), *globals = new_dict(), *name = new_text("importlib");
    void *capsule = new_capsule(&early_end_method, NULL, end_early);
    void *function = new_function(&early_end_method, NULL, NULL);
    void *other = new_function(&end_now_method, NULL, NULL);
    if (!last || !globals || !name || !capsule || !function || !other ||
        !FIND(release, "Py_DecRef"))
        return NULL;
    bool is_set = set(last, "early_end", capsule) == 0 && set(globals, "__name__", name) == 0 &&
                  set(globals, "__builtins__", builtins()) == 0 &&
                  set(globals, "_end_early", function) == 0 && set(globals, "_end_now", other) == 0;
    release(capsule);
    release(function);
    release(other);
    release(name);
    return is_set ? globals : NULL;
}

/* Forks as os.fork() does, but with no frame of Python's: what the text's own code would need to be
 * freed of after a fork would be copied first. */
static bool evaluate_python(const char *text) {
    void *(*run)(const char *, int, void *, void *);
    int (*lock)(void);
    void (*unlock)(int), (*before)(void), (*after)(void), (*print)(void);
    if (!FIND(run, "PyRun_String") || !FIND(lock, "PyGILState_Ensure") ||
        !FIND(unlock, "PyGILState_Release") || !FIND(before, "PyOS_BeforeFork") ||
        !FIND(after, "PyOS_AfterFork_Child") || !FIND(print, "PyErr_Print"))
        return false;
    int state = lock();
    void *globals = new_globals(); /* kept, as is what the text gives: nothing that is small */
    bool is_done = globals && run(text, 257 /* Py_file_input */, globals, globals);
    if (is_done) {
        before();
        fork_of_program();
        after();
    } else {
        print();
    }
    unlock(state);
    return is_done;
}

struct ruby_call {
    unsigned long (*evaluate)(const char *text, int *state);
    const char *text;
    int state;
};

static void *call_ruby(void *argument) {
    struct ruby_call *call = argument;
    call->evaluate(call->text, &call->state);
    return NULL;
}

static bool evaluate_ruby(const char *text) {
    struct ruby_call call = {NULL, text, 0};
    int (*has_lock)(void);
    void *(*with_lock)(void *(*)(void *), void *);
    if (!FIND(call.evaluate, "rb_eval_string_protect") ||
        !FIND(has_lock, "ruby_thread_has_gvl_p") || !FIND(with_lock, "rb_thread_call_with_gvl"))
        return false;
    if (has_lock())
        call_ruby(&call);
    else
        with_lock(call_ruby, &call);
    return call.state == 0;
}

bool evaluate(const char *evaluator, const char *text) {
    if (strcmp(evaluator, "PyRun_String") == 0)
        return evaluate_python(text);
    if (strcmp(evaluator, "rb_eval_string") == 0)
        return evaluate_ruby(text);
    int (*run)(const char *);
    if (!FIND(run, evaluator))
        return false;
    return run(text) == 0;
}
