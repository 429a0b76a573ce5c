"""Texts for TensorBoard, without TensorFlow."""

import os
import time


class TextLog:
    """Writes texts for TensorBoard, which shows them in its tab "Text".

    Args:
        folder: The folder of the run, such as that of `keras.callbacks.TensorBoard`.

    Raises:
        ImportError: If the package `tensorboard` is not installed.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        try:
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError as error:
            raise ImportError(
                "log_dir needs TensorBoard: pip install tensorboard."
            ) from error
        self._writer = EventFileWriter(os.fspath(folder))

    def write(self, tag: str, text: str, step: int) -> None:
        """Write a text.

        Args:
            tag: The heading under which TensorBoard shows the text.
            text: The text.
            step: The epoch.
        """
        from tensorboard.compat.proto import (
            event_pb2,
            summary_pb2,
            tensor_pb2,
            tensor_shape_pb2,
            types_pb2,
        )

        size = tensor_shape_pb2.TensorShapeProto.Dim(size=1)
        tensor = tensor_pb2.TensorProto(
            dtype=types_pb2.DT_STRING,
            # TensorBoard reads Markdown, in which four spaces keep a text as it is.
            string_val=["".join(f"    {line}\n" for line in text.split("\n")).encode()],
            tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[size]),
        )
        plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
        value = summary_pb2.Summary.Value(
            tag=tag,
            tensor=tensor,
            metadata=summary_pb2.SummaryMetadata(plugin_data=plugin),
        )
        summary = summary_pb2.Summary(value=[value])
        event = event_pb2.Event(wall_time=time.time(), step=step, summary=summary)
        self._writer.add_event(event)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
