"""Logistic regression by L-BFGS in double precision: the optimizer calls the closure itself."""

import torch

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)

features = torch.randn(300, 6)
true_weights = torch.tensor([1.5, -2.0, 0.7, 0.0, 0.3, -0.9])
labels = (torch.sigmoid(features @ true_weights) > torch.rand(300)).double()

weights = torch.zeros(6, requires_grad=True)
bias = torch.zeros((), requires_grad=True)
optimizer = torch.optim.LBFGS([weights, bias], max_iter=3, line_search_fn="strong_wolfe")

calls = 0


def closure():
    global calls
    calls += 1
    optimizer.zero_grad()
    logits = features @ weights + bias
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    loss = loss + 1e-3 * weights.square().sum()
    loss.backward()
    return loss


for iteration in range(6):
    value = optimizer.step(closure)
    print(f"iteration {iteration}: {value.item():.6f}")

print(f"the closure was called {calls} times")
print("weights", [round(w, 2) for w in weights.tolist()])
