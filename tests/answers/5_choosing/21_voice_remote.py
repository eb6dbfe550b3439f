# Answers to the tasks of the exercise on a voice remote, right and wrong; the text after `wrong:`
# is part of what the learner must read.

# %% voice_remote-1 right
def frames(clip, size, step):
    starts = range(0, len(clip) - size + 1, step)
    return np.stack([clip[start : start + size] for start in starts])


# %% voice_remote-1 wrong: in frames of 8, one every 4: the result has shape (2, 8), expected (4, 8)
def frames(clip, size, step):
    return clip[: len(clip) // size * size].reshape(-1, size)


# %% voice_remote-1 wrong: the result has shape (13, 8), expected (4, 8)
def frames(clip, size, step):
    return np.lib.stride_tricks.sliding_window_view(clip, size)


# %% voice_remote-1 wrong: the result has shape (3, 8), expected (4, 8)
def frames(clip, size, step):
    return np.stack([clip[k : k + size] for k in range(0, len(clip) - size, step)])


# %% voice_remote-1 wrong: the result has shape (5, 8), expected (4, 8)
def frames(clip, size, step):
    padded = np.pad(clip, (0, size))
    return np.stack([padded[k : k + size] for k in range(0, len(clip), step)])


# %% voice_remote-2 right
def mix(clip, noise, snr):
    now = 10 * np.log10(np.sum(clip**2) / np.sum(noise**2))
    return clip + noise * 10 ** ((now - snr) / 20)


# %% voice_remote-2 wrong: 10 dB wanted: what comes is 20
def mix(clip, noise, snr):
    return clip + noise * 10 ** (-snr / 10) * np.sqrt(np.mean(clip**2) / np.mean(noise**2))


# %% voice_remote-2 wrong: noise louder than the clip, 6.5 dB wanted: what comes is
def mix(clip, noise, snr):
    return clip + noise * 10 ** (-snr / 20)


# %% voice_remote-2 wrong: 10 dB wanted: what comes is -10
def mix(clip, noise, snr):
    return clip + noise * 10 ** (snr / 20) * np.sqrt(np.mean(clip**2) / np.mean(noise**2))


# %% voice_remote-2 wrong: only the noise's loudness may change
def mix(clip, noise, snr):
    other = np.random.default_rng(0).normal(size=clip.shape)
    wanted = np.mean(clip**2) * 10 ** (-snr / 10)
    return clip + other * np.sqrt(wanted / np.mean(other**2))


# %% voice_remote-3 right
def picture_torch(clips):
    waves = torch.fft.rfft(clips.unfold(1, 256, 128) * torch.hann_window(256))
    return (waves.real**2 + waves.imag**2 + 0.001).log().unsqueeze(1)


# %% voice_remote-3 wrong: the picture of 4 clips of 8000 samples has shape (4, 1, 63, 129), expected (4, 1, 61, 129)
def picture_torch(clips):
    hann = torch.hann_window(256)
    waves = torch.stft(clips, 256, 128, window=hann, return_complex=True)
    return torch.log(waves.abs() ** 2 + 1e-3).transpose(1, 2)[:, None]


# %% voice_remote-3 wrong: the picture of 4 clips of 8000 samples has shape (4, 1, 129, 61), expected (4, 1, 61, 129)
def picture_torch(clips):
    hann = torch.hann_window(256)
    waves = torch.stft(clips, 256, 128, window=hann, center=False, return_complex=True)
    return torch.log(waves.abs() ** 2 + 1e-3)[:, None]


# %% voice_remote-3 wrong: the picture of 4 clips of 8000 samples has shape (4, 61, 129), expected (4, 1, 61, 129)
def picture_torch(clips):
    hann = torch.hann_window(256)
    waves = torch.stft(clips, 256, 128, window=hann, center=False, return_complex=True)
    return torch.log(waves.abs() ** 2 + 1e-3).transpose(1, 2)


# %% voice_remote-3 wrong: the picture of 4 clips of 8000 samples is
def picture_torch(clips):
    hann = torch.hann_window(256)
    waves = torch.stft(clips, 256, 128, window=hann, center=False, return_complex=True)
    return torch.log(waves.abs() + 1e-3).transpose(1, 2)[:, None]


# %% voice_remote-4 right
def heard_tf(logits, least):
    probability = tf.exp(logits - tf.reduce_logsumexp(logits, axis=1, keepdims=True))
    known = tf.cast(tf.reduce_any(probability >= least, axis=1), "int32")
    return known * (tf.argmax(logits, axis=1, output_type="int32") + 1) - 1


# %% voice_remote-4 wrong: for logits of 400, -400 and 399: heard
def heard_tf(logits, least):
    powers = tf.exp(logits)
    chances = powers / tf.reduce_sum(powers, axis=1, keepdims=True)
    sure = tf.reduce_max(chances, axis=1) >= least
    return tf.where(sure, tf.argmax(logits, axis=1), -1)


# %% voice_remote-4 wrong: at least 0.6 wanted: heard is [0., 1., 2.]
def heard_tf(logits, least):
    return tf.argmax(logits, axis=1)


# %% voice_remote-4 wrong: at least 0.4 wanted: heard is [-1., -1., -1.]
def heard_tf(logits, least):
    place = tf.argmax(logits, axis=1)
    return tf.where(tf.reduce_max(tf.nn.softmax(logits), axis=1) < least, place, -1)


# %% voice_remote-4 wrong: heard has shape (2,), expected (3,)
def heard_tf(logits, least):
    sure = tf.reduce_max(tf.nn.softmax(logits), axis=1)
    return tf.argmax(logits, axis=1)[sure >= 0.5]


# %% voice_remote-4 wrong: at least 1 wanted: heard is [-1.], expected [0]
def heard_tf(logits, least):
    place = tf.argmax(logits, axis=1)
    return tf.where(tf.reduce_max(tf.nn.softmax(logits), axis=1) > least, place, -1)


# %% voice_remote-5 right
def mean_torch(model, pictures, shifts):
    total = 0
    for shift in shifts:
        moved = torch.cat([pictures[:, :, -shift:], pictures[:, :, :-shift]], dim=2)
        total = total + torch.softmax(model(moved if shift else pictures), dim=-1)
    return total / len(shifts)


def mean_tf(model, pictures, shifts):
    moved = tf.concat([tf.roll(pictures, k, -3) for k in shifts], axis=0)
    answers = tf.split(tf.nn.softmax(model(moved)), len(shifts))
    return tf.reduce_mean(answers, axis=0)


# %% voice_remote-5 wrong: mean_torch of 4 pictures with the shifts [0] is
def mean_torch(model, pictures, shifts):
    return torch.stack([model(torch.roll(pictures, k, dims=2)) for k in shifts]).mean(dim=0)


# %% voice_remote-5 wrong: mean_torch of 4 pictures with the shifts [-2, 0, 3] is
def mean_torch(model, pictures, shifts):
    answers = [model(torch.roll(pictures, k, dims=3)).softmax(dim=1) for k in shifts]
    return torch.stack(answers).mean(dim=0)


# %% voice_remote-5 wrong: mean_tf of 4 pictures with the shifts [-2, 0, 3] is
def mean_torch(model, pictures, shifts):
    answers = [model(torch.roll(pictures, k, dims=2)).softmax(dim=1) for k in shifts]
    return torch.stack(answers).mean(dim=0)


def mean_tf(model, pictures, shifts):
    answers = [tf.nn.softmax(model(tf.roll(pictures, k, axis=2))) for k in shifts]
    return tf.reduce_mean(tf.stack(answers), axis=0)


# %% voice_remote-5 wrong: mean_tf of 4 pictures with the shifts [0] has shape (1, 4, 3), expected (4, 3)
def mean_torch(model, pictures, shifts):
    answers = [model(torch.roll(pictures, k, dims=2)).softmax(dim=1) for k in shifts]
    return torch.stack(answers).mean(dim=0)


def mean_tf(model, pictures, shifts):
    return tf.stack([tf.nn.softmax(model(tf.roll(pictures, k, axis=1))) for k in shifts])
