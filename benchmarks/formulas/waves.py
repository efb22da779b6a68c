"""Optics and electronics."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import formulas


def thin_lens(f: Array, d: Array) -> Array:
    """Image distance of a thin lens."""
    return 1 / (1 / f - 1 / d)


def snell_angle(t: Array, n: Array) -> Array:
    """Angle of refraction after Snell."""
    return jnp.arcsin(jnp.sin(t) / n)


def fresnel_reflection(t: Array, n: Array) -> Array:
    """Fresnel reflection of s-polarised light."""
    c = jnp.cos(t)
    k = jnp.sqrt(n * n - jnp.sin(t) ** 2)
    return ((c - k) / (c + k)) ** 2


def fabry_perot(d: Array, F: Array) -> Array:
    """Transmission of a Fabry-Perot etalon."""
    return 1 / (1 + F * jnp.sin(d / 2) ** 2)


def slit_diffraction(b: Array) -> Array:
    """Diffraction by a slit."""
    return (jnp.sin(b) / b) ** 2


def circuit_impedance(w: Array, R: Array, L: Array) -> Array:
    """Impedance of a series circuit of resistor, coil and capacitor."""
    return jnp.sqrt(R**2 + (w * L - 1 / (w * 1e-6)) ** 2)


def diode_current(V: Array) -> Array:
    """Diode after Shockley."""
    return 1e-12 * (jnp.exp(V / 0.02585) - 1)


def transistor_current(v: Array, s: Array) -> Array:
    """Transistor current from weak to strong inversion (EKV)."""
    forward = jnp.log(1 + jnp.exp((v - s) / 2)) ** 2
    return forward - jnp.log1p(jnp.exp(-s / 2)) ** 2


def square_law(g: Array, d: Array) -> Array:
    """Transistor after the square law, by regions."""
    linear = (g - 0.7) * d - d * d / 2
    active = jnp.where(d < g - 0.7, linear, (g - 0.7) ** 2 / 2)
    return jnp.where(g > 0.7, active, 0.0)


FIELD = "optics and electronics"
FORMULAS = (
    *formulas(FIELD, thin_lens, snell_angle, fresnel_reflection, fabry_perot),
    *formulas(FIELD, slit_diffraction, circuit_impedance),
    *formulas(FIELD, diode_current, transistor_current, square_law),
)
