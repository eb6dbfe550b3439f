# Answers to the tasks of exercise 11, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% shipping_models-1 right
def ship_torch(model, example, path):
    model.train(False)
    axes = {0: torch.export.Dim.DYNAMIC}
    torch.export.save(torch.export.export(model, (example,), dynamic_shapes=[axes]), path)
    return path


# %% shipping_models-1 wrong: the shipped graph refuses a batch of 1
def ship_torch(model, example, path):
    torch.export.save(torch.export.export(model.eval(), (example,)), path)
    return path


# %% shipping_models-1 wrong: holds no exported graph
def ship_torch(model, example, path):
    torch.save(model.eval(), path)
    return path


# %% shipping_models-1 wrong: Dropout is still at work.
def ship_torch(model, example, path):
    batch = torch.export.Dim("batch")
    graph = torch.export.export(model, (example,), dynamic_shapes=({0: batch},))
    torch.export.save(graph, path)
    return path


# %% shipping_models-1 wrong: there is no file at `path`
def ship_torch(model, example, path):
    batch = torch.export.Dim("batch")
    torch.export.export(model.eval(), (example,), dynamic_shapes=({0: batch},))
    return path


# %% shipping_models-1 wrong: the shipped graph refuses a batch of 5000
def ship_torch(model, example, path):
    batch = torch.export.Dim("batch", min=1, max=1024)
    torch.export.save(torch.export.export(model.eval(), (example,), dynamic_shapes=({0: batch},)), path)
    return path


# %% shipping_models-2 right
def ship_tf(weight, bias, path):
    module = tf.Module()
    layer = tf.keras.layers.Dense(weight.shape[1], activation="softmax")
    layer.build((None, weight.shape[0]))
    layer.set_weights([weight, bias])
    module.layer = layer
    signature = [tf.TensorSpec((None, weight.shape[0]))]
    module.serve = tf.function(lambda rows: layer(rows), input_signature=signature)
    tf.saved_model.save(module, str(path))
    return path


# %% shipping_models-2 wrong: the loaded `serve` refuses a float32 batch of 6
def ship_tf(weight, bias, path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1, len(weight)], tf.float32)])
        def serve(self, rows):
            return tf.nn.softmax(rows @ weight + bias)

    tf.saved_model.save(Module(), str(path))
    return path


# %% shipping_models-2 wrong: what was loaded has no `serve`
def ship_tf(weight, bias, path):
    class Module(tf.Module):
        def __init__(self):
            self.weight, self.bias = tf.Variable(weight), tf.Variable(bias)

        def serve(self, rows):
            return tf.nn.softmax(rows @ self.weight + self.bias)

    tf.saved_model.save(Module(), str(path))
    return path


# %% shipping_models-2 wrong: the loaded `serve` refuses a float32 batch of 1
def ship_tf(weight, bias, path):
    class Module(tf.Module):
        def __init__(self):
            self.weight, self.bias = tf.Variable(weight), tf.Variable(bias)

        @tf.function
        def serve(self, rows):
            return tf.nn.softmax(rows @ self.weight + self.bias)

    tf.saved_model.save(Module(), str(path))
    return path


# %% shipping_models-2 wrong: the answer to a batch of 1 is
def ship_tf(weight, bias, path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, len(weight)], tf.float32)])
        def serve(self, rows):
            return rows @ weight + bias

    tf.saved_model.save(Module(), str(path))
    return path


# %% shipping_models-2 wrong: the answer to a batch of 6 is 0.022004 at [0, 0], expected 0.088731
def ship_tf(weight, bias, path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, len(weight)], tf.float32)])
        def serve(self, rows):
            return tf.reshape(tf.nn.softmax(tf.reshape(rows @ weight + bias, [1, -1])), [-1, len(bias)])

    tf.saved_model.save(Module(), str(path))
    return path


# %% shipping_models-2 wrong: there is no SavedModel in the folder `path`
def ship_tf(weight, bias, path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, len(weight)], tf.float32)])
        def serve(self, rows):
            return tf.nn.softmax(rows @ weight + bias)

    tf.train.Checkpoint(model=Module()).write(str(path))
    return path


# %% shipping_models-3 right
def safely_loaded(path, make):
    weights = torch.load(path)
    model = make()
    if set(weights) != set(model.state_dict()):
        raise RuntimeError("the names do not fit")
    model.load_state_dict(weights, assign=True)
    return model.train(False)


# %% shipping_models-3 wrong: the stranger's code ran while the file was loaded
def safely_loaded(path, make):
    model = make()
    model.load_state_dict(torch.load(path, weights_only=False))
    return model.eval()


# %% shipping_models-3 wrong: a file that lacks most of the weights raises no error
def safely_loaded(path, make):
    model = make()
    model.load_state_dict(torch.load(path, weights_only=True), strict=False)
    return model.eval()


# %% shipping_models-3 wrong: the loaded model is in training mode
def safely_loaded(path, make):
    model = make()
    model.load_state_dict(torch.load(path, weights_only=True))
    return model


# %% shipping_models-3 wrong: the weights of the loaded model's first layer
def safely_loaded(path, make):
    torch.load(path, weights_only=True)
    return make().eval()


# %% shipping_models-3 wrong: expected torch.nn.modules.module.Module
def safely_loaded(path, make):
    return make().eval().load_state_dict(torch.load(path, weights_only=True))


# %% shipping_models-3 wrong: a file with a stranger's code raises no error
def safely_loaded(path, make):
    model = make().eval()
    try:
        model.load_state_dict(torch.load(path, weights_only=True))
    except pickle.UnpicklingError:
        print("dangerous")
    return model


# %% shipping_models-3 wrong: a file that has a weight too many raises no error
def safely_loaded(path, make):
    model = make()
    state = torch.load(path, weights_only=True)
    missing, _ = model.load_state_dict(state, strict=False)
    if missing:
        raise RuntimeError(missing)
    return model.eval()


# %% shipping_models-3 wrong: is ValueError, expected _pickle.UnpicklingError
def safely_loaded(path, make):
    model = make()
    try:
        model.load_state_dict(torch.load(path, weights_only=True))
    except Exception as error:
        raise ValueError("not safe") from error
    return model.eval()


# %% shipping_models-4 right
def opened(path, forbidden):
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(Path(path, "saved_model.pb").read_bytes())
    for meta in saved.meta_graphs:
        parts = [meta.graph_def.node]
        parts += [function.node_def for function in meta.graph_def.library.function]
        found = {node.op for part in parts for node in part if node.op in forbidden}
        if found:
            raise ValueError(", ".join(found))
    return tf.saved_model.load(path)


# %% shipping_models-4 wrong: a graph with WriteFile was opened
def opened(path, forbidden):
    content = Path(path, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    found = {node.op for node in graph.node} & set(forbidden)
    if found:
        raise ValueError(f"the graph contains {sorted(found)}")
    return tf.saved_model.load(str(path))


# %% shipping_models-4 wrong: a harmless graph was turned away
def opened(path, forbidden):
    content = Path(path, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [node for function in graph.library.function for node in function.node_def]
    if any("File" in node.op or "Save" in node.op for node in [*graph.node, *nodes]):
        raise ValueError("the graph touches files")
    return tf.saved_model.load(str(path))


# %% shipping_models-4 wrong: a node is called ReadFile, its operation is Relu
def opened(path, forbidden):
    content = Path(path, "saved_model.pb").read_bytes()
    found = {name for name in forbidden if name.encode() in content}
    if found:
        raise ValueError(f"the graph contains {sorted(found)}")
    return tf.saved_model.load(str(path))


# %% shipping_models-4 wrong: a graph with Placeholder was opened
def opened(path, forbidden):
    content = Path(path, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    found = {node.op for function in graph.library.function for node in function.node_def}
    if found & forbidden:
        raise ValueError(f"the graph contains {sorted(found & forbidden)}")
    return tf.saved_model.load(str(path))


# %% shipping_models-4 wrong: the forbidden graph was loaded before
def opened(path, forbidden):
    model = tf.saved_model.load(str(path))
    content = Path(path, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [node for function in graph.library.function for node in function.node_def]
    found = {node.op for node in [*graph.node, *nodes]} & forbidden
    if found:
        raise ValueError(f"the graph contains {sorted(found)}")
    return model


# %% shipping_models-4 wrong: without the name WriteFile
def opened(path, forbidden):
    content = Path(path, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [node for function in graph.library.function for node in function.node_def]
    if any(node.op in forbidden for node in [*graph.node, *nodes]):
        raise ValueError("the graph contains a forbidden operation")
    return tf.saved_model.load(str(path))


# %% shipping_models-4 wrong: the error names ['ReadFile'], which that graph does not contain
def opened(path, forbidden):
    content = Path(path, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [node for function in graph.library.function for node in function.node_def]
    if any(node.op in forbidden for node in [*graph.node, *nodes]):
        raise ValueError(f"the graph contains one of {forbidden}")
    return tf.saved_model.load(str(path))


# %% shipping_models-4 wrong: a graph with Relu was opened
def opened(path, forbidden):
    content = Path(path, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [node for function in graph.library.function for node in function.node_def]
    found = {node.op for node in [*graph.node, *nodes]} & {"WriteFile", "ReadFile"}
    if found:
        raise ValueError(f"the graph contains {sorted(found)}")
    return tf.saved_model.load(str(path))


# %% shipping_models-5 right
def compared(path_torch, path_tf, rows):
    with torch.no_grad():
        first = torch.export.load(path_torch).module()(torch.from_numpy(rows))
    second = torch.from_numpy(tf.saved_model.load(path_tf).serve(rows).numpy())
    largest = (first - second).abs().max().item()
    return largest, (first.max(1).indices == second.max(1).indices).float().mean().item()


# %% shipping_models-5 wrong: the largest difference of 'strangers'
def compared(path_torch, path_tf, rows):
    first = torch.export.load(path_torch).module()(torch.tensor(rows)).detach().numpy()
    second = tf.saved_model.load(str(path_tf)).serve(tf.constant(rows)).numpy()
    same = first.argmax(axis=1) == second.argmax(axis=1)
    return np.abs(first - second).mean(), same.mean()


# %% shipping_models-5 wrong: the largest difference of 'one' is 32.56, expected 32.76
def compared(path_torch, path_tf, rows):
    first = torch.export.load(path_torch).module()(torch.tensor(rows)).detach().numpy()
    second = tf.saved_model.load(str(path_tf)).serve(tf.constant(rows)).numpy()
    same = first.argmax(axis=1) == second.argmax(axis=1)
    return (first - second).max(), same.mean()


# %% shipping_models-5 wrong: the share of rows of 'strangers' with the same class
def compared(path_torch, path_tf, rows):
    first = torch.export.load(path_torch).module()(torch.tensor(rows)).detach().numpy()
    second = tf.saved_model.load(str(path_tf)).serve(tf.constant(rows)).numpy()
    same = first.argmax(axis=0) == second.argmax(axis=0)
    return np.abs(first - second).max(), same.mean()


# %% shipping_models-5 wrong: the share of rows of 'twins' with the same class is 50
def compared(path_torch, path_tf, rows):
    first = torch.export.load(path_torch).module()(torch.tensor(rows)).detach().numpy()
    second = tf.saved_model.load(str(path_tf)).serve(tf.constant(rows)).numpy()
    same = first.argmax(axis=1) == second.argmax(axis=1)
    return np.abs(first - second).max(), same.sum()


# %% shipping_models-5 wrong: does not return a pair of numbers
def compared(path_torch, path_tf, rows):
    first = torch.export.load(path_torch).module()(torch.tensor(rows)).detach().numpy()
    second = tf.saved_model.load(str(path_tf)).serve(tf.constant(rows)).numpy()
    return np.abs(first - second).max()


# %% shipping_models-5 wrong: your code stopped at
def compared(path_torch, path_tf, rows):
    first = torch.export.load(path_torch).module()(torch.tensor(rows)).numpy()
    second = tf.saved_model.load(str(path_tf)).serve(tf.constant(rows)).numpy()
    same = first.argmax(axis=1) == second.argmax(axis=1)
    return np.abs(first - second).max(), same.mean()


# %% shipping_models-5 right
def compared(path_torch, path_tf, rows):
    first = torch.export.load(path_torch).module()(torch.tensor(rows)).detach()
    second = tf.saved_model.load(path_tf).serve(rows)
    same = tf.argmax(first.numpy(), axis=1) == tf.argmax(second, axis=1)
    largest = tf.reduce_max(tf.abs(first.numpy() - second))
    return tf.stack([largest, tf.reduce_mean(tf.cast(same, tf.float32))])
