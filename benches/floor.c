/* The floor: two laws in bare C, that step the arrays of a list and check nothing.
 *
 * `Floor(theta, first, second)` takes the pointers of three lists of float32 arrays, once; each of its
 * methods takes the list of gradients and reads the pointers in it. `checked_` ones look first whether
 * all squares are finite. The arithmetic is that of rust/laws/ascent.rs and adam.rs with their default
 * options, to the last bit; what is off by default is not there.
 */

#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <Python.h>
#include <float.h>
#include <math.h>
#include <numpy/ndarraytypes.h>
#include <stdint.h>

#ifdef NO_FLUSH
#define FLUSHED(x) (x)
#else
#define FLUSHED(x) (fabsf(x) < FLT_MIN ? 0.0f : (x))
#endif
#define CAPPED(x) ((x) > most ? most : (x))

/* Read at run time: a compiler that knows the number folds it into the root, and is slower for it. */
static volatile float largest = FLT_MAX;

typedef struct {
    float *theta, *first, *second;
    Py_ssize_t size;
} Slot;

typedef struct {
    PyObject_HEAD
    PyObject *owners; /* keeps the arrays alive */
    Slot *slots;
    Py_ssize_t count;
    uint64_t t;
} Floor;

static float *data(PyObject *array) { return PyArray_DATA((PyArrayObject *)array); }

/* As in rust/power.rs. */
static double power(double base, uint64_t n) {
    double product = 1.0;
    for (; n > 0; n >>= 1, base *= base)
        product *= n & 1 ? base : 1.0;
    return product;
}

static double one_minus_power(double base, uint64_t n) {
    double rest = 0.0;
    for (double square = 1.0 - base; n > 0; n >>= 1, square *= 2.0 - square)
        if (n & 1)
            rest += square * (1.0 - rest);
    return rest;
}

static void ascent(Slot slot, const float *restrict g, float kappa) {
    float *restrict theta = slot.theta, *restrict v = slot.first, *restrict m = slot.second;
    const float mu = 0.9, beta = 0.999, rest = 1.0 - 0.999, eps = 1e-8, rate = 0.01;
    for (Py_ssize_t i = 0; i < slot.size; i++) {
        float d = mu * v[i] + g[i];
        float second = beta * m[i] + (rest * g[i]) * g[i];
        v[i] = FLUSHED(d);
        m[i] = second = FLUSHED(second);
        theta[i] += rate * (d / (sqrtf(kappa * second) + eps));
    }
}

static void adam(Slot slot, const float *restrict g, float root, float rate) {
    float *restrict theta = slot.theta, *restrict m = slot.first, *restrict v = slot.second;
    const float most = largest;
    const float beta1 = 0.9, rest1 = 1.0 - 0.9, beta2 = 0.999, rest2 = 1.0 - 0.999, eps = 1e-8;
    for (Py_ssize_t i = 0; i < slot.size; i++) {
        float first = beta1 * m[i] + rest1 * g[i];
        float second = beta2 * v[i] + (rest2 * g[i]) * g[i];
        m[i] = first = FLUSHED(first);
        second = CAPPED(second);
        v[i] = second = FLUSHED(second);
        theta[i] -= rate * (first / (root * sqrtf(second) + eps));
    }
}

static int is_finite(const float *g, Py_ssize_t size) {
    int wrong = 0;
    for (Py_ssize_t i = 0; i < size; i++)
        wrong |= !(g[i] * g[i] < INFINITY);
    return !wrong;
}

static int all_finite(Floor *self, PyObject *gradients) {
    for (Py_ssize_t k = 0; k < self->count; k++)
        if (!is_finite(data(PyList_GET_ITEM(gradients, k)), self->slots[k].size)) {
            PyErr_SetString(PyExc_FloatingPointError, "a gradient is not finite");
            return 0;
        }
    return 1;
}

static PyObject *step_ascent(PyObject *object, PyObject *gradients) {
    Floor *self = (Floor *)object;
    float kappa = 1.0 / (1.0 - power(0.999, ++self->t));
    for (Py_ssize_t k = 0; k < self->count; k++)
        ascent(self->slots[k], data(PyList_GET_ITEM(gradients, k)), kappa);
    Py_RETURN_NONE;
}

static PyObject *step_adam(PyObject *object, PyObject *gradients) {
    Floor *self = (Floor *)object;
    self->t++;
    float rate = 0.001 / one_minus_power(0.9, self->t) /* lr κ₁ */;
    float root = sqrt(1.0 / one_minus_power(0.999, self->t));
    for (Py_ssize_t k = 0; k < self->count; k++)
        adam(self->slots[k], data(PyList_GET_ITEM(gradients, k)), root, rate);
    Py_RETURN_NONE;
}

static PyObject *checked_ascent(PyObject *self, PyObject *gradients) {
    return all_finite((Floor *)self, gradients) ? step_ascent(self, gradients) : NULL;
}

static PyObject *checked_adam(PyObject *self, PyObject *gradients) {
    return all_finite((Floor *)self, gradients) ? step_adam(self, gradients) : NULL;
}

static PyMethodDef methods[] = {
    {"ascent", step_ascent, METH_O, NULL},
    {"adam", step_adam, METH_O, NULL},
    {"checked_ascent", checked_ascent, METH_O, NULL},
    {"checked_adam", checked_adam, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(keywords)) {
    PyObject *theta, *first, *second;
    if (!PyArg_ParseTuple(args, "OOO", &theta, &first, &second))
        return NULL;
    Floor *self = (Floor *)type->tp_alloc(type, 0);
    self->owners = Py_NewRef(args);
    self->count = PyList_GET_SIZE(theta);
    self->slots = PyMem_Calloc(self->count, sizeof(Slot));
    for (Py_ssize_t k = 0; k < self->count; k++) {
        PyObject *array = PyList_GET_ITEM(theta, k);
        self->slots[k] = (Slot){data(array), data(PyList_GET_ITEM(first, k)),
                                data(PyList_GET_ITEM(second, k)),
                                PyArray_DIM((PyArrayObject *)array, 0)};
    }
    return (PyObject *)self;
}

static void dealloc(PyObject *object) {
    Floor *self = (Floor *)object;
    PyMem_Free(self->slots);
    Py_XDECREF(self->owners);
    Py_TYPE(object)->tp_free(object);
}

static PyTypeObject floor_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "Floor",
    .tp_basicsize = sizeof(Floor),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
    .tp_new = new,
    .tp_dealloc = dealloc,
};

/* What the memory gives, without the GIL: the triad a ← b + s c of STREAM, and the streams of a step
 * (four arrays read, three of them written) with nothing but additions. */

static PyObject *triad(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *x, *y, *z;
    if (!PyArg_ParseTuple(args, "OOO", &x, &y, &z))
        return NULL;
    float *restrict a = data(x);
    const float *restrict b = data(y), *restrict c = data(z);
    Py_ssize_t size = PyArray_DIM((PyArrayObject *)x, 0);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < size; i++)
        a[i] = b[i] + 0.5f * c[i];
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *streams(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *x, *y, *z, *w;
    if (!PyArg_ParseTuple(args, "OOOO", &x, &y, &z, &w))
        return NULL;
    float *restrict a = data(x), *restrict b = data(y), *restrict c = data(z);
    const float *restrict d = data(w);
    Py_ssize_t size = PyArray_DIM((PyArrayObject *)x, 0);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < size; i++) {
        a[i] += d[i];
        b[i] += d[i];
        c[i] += d[i];
    }
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"triad", triad, METH_VARARGS, NULL},
    {"streams", streams, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "floor", NULL, -1, functions, 0, 0, 0, 0};

PyMODINIT_FUNC PyInit_floor(void) {
    if (PyType_Ready(&floor_type) < 0)
        return NULL;
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddObjectRef(made, "Floor", (PyObject *)&floor_type) < 0)
        Py_CLEAR(made);
    return made;
}
