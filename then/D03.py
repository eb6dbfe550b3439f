"""D03: can one control in TensorFlow how devices are accessed? Processors stand for cards."""

import shims

before = shims.alone("import tensorflow as tf; print(len(tf.config.list_logical_devices('CPU')))")
split = shims.alone(
    "import tensorflow as tf; C = tf.config.LogicalDeviceConfiguration;"
    "tf.config.set_logical_device_configuration("
    "tf.config.list_physical_devices('CPU')[0], [C(), C()]);"
    "print(len(tf.config.list_logical_devices('CPU')))"
)
hidden = shims.alone(
    "import tensorflow as tf; C = tf.config.LogicalDeviceConfiguration;"
    "tf.config.set_visible_devices([], 'CPU');"
    "print(len(tf.config.get_visible_devices('CPU')))"
)
placed = shims.alone(
    "import tensorflow as tf; C = tf.config.LogicalDeviceConfiguration;"
    "tf.config.set_logical_device_configuration("
    "tf.config.list_physical_devices('CPU')[0], [C(), C()])\n"
    "with tf.device('CPU:1'): value = tf.constant(1.0) + 1\n"
    "print(value.device.endswith('CPU:1'))"
)
shims.answer(
    {
        "without a call there is one": before == "1",
        "a device is split in two": split == "2",
        "a device is hidden": hidden == "0",
        "an operation runs where it is told to": placed == "True",
    }
)
