torch.manual_seed(0)
net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
X, y = torch.randn(512, 64), torch.randint(0, 10, (512,))
for epoch in range(40):
    for i in range(0, 512, 32):
        loss = F.cross_entropy(net(X[i:i + 32]), y[i:i + 32])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
