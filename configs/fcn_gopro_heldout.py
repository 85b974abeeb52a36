# fcn_gopro.py, but the best checkpoint is chosen on two training sequences that are not trained on, so that
# the test sets stay unseen.
_base_ = ["fcn_gopro.py"]

held_out = ["GOPR0378_13_00", "GOPR0884_11_00"]

train_dataloader = dict(dataset=dict(exclude_sequences=held_out))
val_dataloader = dict(dataset=dict(split="train", sequences=held_out))
