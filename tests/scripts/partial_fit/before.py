"""Trains a linear classifier on the digits, some examples at a time."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

images, labels = load_digits(return_X_y=True)
x_train, x_valid, y_train, y_valid = train_test_split(images, labels, random_state=0)
scaler = StandardScaler().fit(x_train)
x_train, x_valid = scaler.transform(x_train), scaler.transform(x_valid)

np.random.seed(0)
model = SGDClassifier(alpha=1e-4, eta0=0.01, learning_rate="constant")
for epoch in range(10):
    order = np.random.permutation(len(x_train))
    for rows in np.array_split(order, 10):
        model.partial_fit(x_train[rows], y_train[rows], classes=np.unique(labels))
    accuracy = accuracy_score(y_valid, model.predict(x_valid))
    print("epoch", epoch, "accuracy", accuracy)
