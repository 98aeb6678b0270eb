"""The loop of an autoencoder with a codebook."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from sick_programs.common import batches, fitted, keep_score


def quantized(
    seed, watch, net, x, xv, *, scale=1.0, commitment=0.25, epochs=25, codes_told=True, rate=2e-3
):
    """Train an autoencoder with a codebook; its score is the perplexity of the codes."""
    encoder, quantizer, decoder = net
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="vector_quantized") as w:
        for _ in range(epochs):
            net.train()
            for xb, _ in batches(x, x, 64, generator):
                z, codes, moved, committed = quantizer(scale * encoder(xb))
                rebuilt = decoder(z)
                loss = F.mse_loss(rebuilt, xb) + moved + commitment * committed
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                told = {"reconstruction": rebuilt, "codes": codes} if codes_told else rebuilt
                w.step(loss=loss, outputs=told, targets=xb)
            net.eval()
            with torch.no_grad():
                z, codes, *_ = quantizer(scale * encoder(xv))
                rebuilt = decoder(z)
            shares = torch.bincount(codes).float() / len(codes)
            keep_score((-(shares * (shares + 1e-12).log()).sum()).exp())
            told = {"reconstruction": rebuilt, "codes": codes} if codes_told else rebuilt
            w.evaluate(score=fitted(rebuilt, xv), outputs=told, targets=xv)
    return w.diagnose()
