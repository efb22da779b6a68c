"""The Black-Scholes price of a European call, as one SymPy expression."""

import sympy as sp

S, K, T, r, sigma = sp.symbols("S K T r sigma", positive=True)


def normal_cdf(x: sp.Expr) -> sp.Expr:
    """The distribution function of the standard normal."""
    return sp.erfc(-x / sp.sqrt(2)) / 2


d1 = (sp.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * sp.sqrt(T))
d2 = d1 - sigma * sp.sqrt(T)
price = S * normal_cdf(d1) - K * sp.exp(-r * T) * normal_cdf(d2)
