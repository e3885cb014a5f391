net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Linear(5408, 10))
images = torch.randn(4, 1, 28, 28)
scores = net(images)
