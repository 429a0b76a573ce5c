"""`python -m keras_charrnn`: the `charrnn` command, where it is not on the path."""

from keras_charrnn.command import run

if __name__ == "__main__":
    run()
