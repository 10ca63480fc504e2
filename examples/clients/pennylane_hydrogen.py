"""The energy of hydrogen by a variational circuit, with steepest's optimizers in PennyLane's loop.

The Hamiltonian of H₂ at 0.75 Å on two qubits is that of O'Malley et al., "Scalable quantum simulation of
molecular energies", 2016, table I. Its ground state is reached by one angle; the state of the highest energy
by a circuit that makes any real state.
"""

from typing import Any

import numpy
import pennylane as qml
from pennylane import numpy as np
from steepest.clients.pennylane import Adam

HAMILTONIAN = qml.Hamiltonian(
    [0.2252, 0.3435, -0.4347, 0.5716, 0.0910, 0.0910],
    [
        qml.Identity(0),
        *(qml.PauliZ(0), qml.PauliZ(1), qml.PauliZ(0) @ qml.PauliZ(1)),
        *(qml.PauliX(0) @ qml.PauliX(1), qml.PauliY(0) @ qml.PauliY(1)),
    ],
)
DEVICE = qml.device("default.qubit", wires=2)


def excited(angle: Any) -> Any:
    """An excitation by an angle, from |01⟩."""
    qml.PauliX(1)
    qml.PauliRot(angle, "XY", wires=[0, 1])
    return qml.expval(HAMILTONIAN)


def any_real_state(first: Any, second: Any) -> Any:
    """Rotations of either qubit, twice, and an entangling gate after each."""
    for angles in first, second:
        qml.RY(angles[0], wires=0)
        qml.RY(angles[1], wires=1)
        qml.CNOT(wires=[0, 1])
    return qml.expval(HAMILTONIAN)


energy = qml.QNode(excited, DEVICE)
energy_of_any = qml.QNode(any_real_state, DEVICE)


def levels() -> Any:
    """The exact energies, from the lowest to the highest."""
    return numpy.linalg.eigvalsh(qml.matrix(HAMILTONIAN, wire_order=[0, 1]))


def ground(optimizer: Any, steps: int = 120) -> tuple[Any, list[float]]:
    """The angle of the lowest energy, and the energy before every step."""
    angle = np.array(0.0, requires_grad=True)
    costs = []
    for _ in range(steps):
        angle, cost = optimizer.step_and_cost(energy, angle)
        costs.append(float(cost))
    return angle, costs


def highest(optimizer: Any, seed: int, steps: int = 120) -> float:
    """The highest energy there is, by an optimizer that climbs."""
    rng = numpy.random.default_rng(seed)
    first, second = (np.array(rng.uniform(-1, 1, 2), requires_grad=True) for _ in range(2))
    for _ in range(steps):
        first, second = optimizer.step(energy_of_any, first, second)
    return float(energy_of_any(first, second))


def main() -> None:
    exact = levels()
    for optimizer in Adam(stepsize=0.1), qml.AdamOptimizer(stepsize=0.1, beta2=0.999):
        angle, _ = ground(optimizer)
        print(f"{type(optimizer).__module__}: {energy(angle):.8f}, exact {exact[0]:.8f}")
    print(
        f"highest: {highest(Adam(stepsize=0.1, maximize=True), seed=0):.8f}, exact {exact[-1]:.8f}"
    )


if __name__ == "__main__":
    main()
