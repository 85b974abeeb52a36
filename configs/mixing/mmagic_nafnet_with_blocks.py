# Single blocks of the paper inside MMagic's NAFNet. The first place is a convolution, which tells its width;
# the others are sequences of NAFNet's blocks, whose width is given.
_base_ = "_base_/mmagic_nafnet.py"

width = 16  # small: MMagic's is 64, with 28 blocks on the deepest level

model = dict(
    generator=dict(
        _delete_=True,
        type="fcn_plugin.WithBlocks",
        network=dict(
            type="NAFNet", mid_channels=width, enc_blk_nums=[1, 1], middle_blk_num=1, dec_blk_nums=[1, 1]
        ),
        blocks=[
            dict(after="intro", cfg=dict(type="fcn_plugin.EFEM")),
            dict(after="encoders.0", cfg=dict(type="fcn_plugin.ProcessingBlock", in_channels=width)),
            dict(
                after="middle_blks",
                cfg=dict(type="fcn_plugin.QueryKeyMechanism", in_channels=4 * width),
                skip=True,
            ),
            dict(after="decoders.1", cfg=dict(type="fcn_plugin.MSAM", in_channels=width)),
        ],
    ),
)
